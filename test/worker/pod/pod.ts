import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Authority } from './authority.ts';
import { FakeCoordinator } from './fake-coordinator.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
/** What the coordinator is called. That a name is an address of this machine is known without asking anybody. */
const SERVICE = 'localhost';
const PATIENCE_MS = 20_000;

/** A pod's folder and environment, the `taz worker` in it, and the coordinator that it calls. */
export class Pod {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'taz-pod-'));
  readonly authority = new Authority('first');
  readonly lines: string[] = [];
  coordinator: FakeCoordinator = this.newCoordinator();
  port = 0;
  metricsPort = 0;
  process: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);

  /** A coordinator listens; the worker is not started yet. */
  static async prepare(t: TestContext): Promise<Pod> {
    const pod = new Pod();
    t.after(() => pod.remove());
    pod.port = await pod.coordinator.listen();
    pod.metricsPort = await freePort();
    pod.write('coordinator/token', 'first-token');
    pod.write('coordinator/ca.crt', pod.authority.pem);
    pod.write('termination-log', '');
    fs.mkdirSync(path.join(pod.folder, 'secrets'));
    return pod;
  }

  newCoordinator(authority = this.authority, name = SERVICE): FakeCoordinator {
    return new FakeCoordinator(authority.issue(name));
  }

  write(name: string, text: string): void {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  /** As the kubelet has it: keys are links through `..data`, which changes as a whole. Without keys the Secret is gone. */
  mountSecret(name: string, data: Record<string, string>): void {
    const mount = path.join(this.folder, 'secrets', name);
    const version = `..${Date.now()}${Math.random()}`;
    fs.mkdirSync(path.join(mount, version), { recursive: true });
    for (const [key, value] of Object.entries(data)) {
      fs.writeFileSync(path.join(mount, version, key), value);
      fs.rmSync(path.join(mount, key), { force: true });
      fs.symlinkSync(path.join('..data', key), path.join(mount, key));
    }
    fs.rmSync(path.join(mount, '..data-new'), { force: true });
    fs.symlinkSync(version, path.join(mount, '..data-new'));
    fs.renameSync(path.join(mount, '..data-new'), path.join(mount, '..data'));
  }

  start(env: Record<string, string> = {}): void {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'worker'], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        TAZ_COORDINATOR: `https://${SERVICE}:${this.port}`,
        TAZ_RUN: 'run-1',
        TAZ_INDEX: '0',
        TAZ_REPLACEMENT: '0',
        TAZ_METRICS_PORT: String(this.metricsPort),
        TAZ_FILES: this.folder,
        TAZ_TERMINATION_LOG: path.join(this.folder, 'termination-log'),
        POD_NAME: 'tracking-0',
        ...env,
      },
    });
    this.process = child;
    createInterface({ input: child.stderr }).on('line', (line) => this.lines.push(line));
    this.#ended = once(child, 'close').then(([code]) => code as number | null);
  }

  /** The exit code. */
  ended(): Promise<number | null> {
    return Promise.race([this.#ended, deadline(() => `no end; ${this.log}`)]);
  }

  get log(): string {
    return this.lines.join('\n');
  }

  get terminationLog(): string {
    return fs.readFileSync(path.join(this.folder, 'termination-log'), 'utf8');
  }

  /** Waits until something holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!holds()) {
      assert.ok(Date.now() < end, `not within ${PATIENCE_MS} ms: ${what}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits for a line of the log. */
  says(text: string | RegExp): Promise<void> {
    return this.until(`a line with ${text}`, () =>
      this.lines.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line))),
    );
  }

  async remove(): Promise<void> {
    if (this.process?.exitCode === null) this.process.kill('SIGKILL');
    await this.#ended;
    await this.coordinator.close().catch(() => {});
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A target that keeps what it gets. */
export async function serveTarget(t: TestContext): Promise<{ origin: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${String(request.headers['x-key'] ?? '')}`.trim());
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function deadline(what: () => string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
  throw new Error(what());
}
