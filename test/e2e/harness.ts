import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { systemClock } from '../../src/attack/clock.ts';
import type { Segment } from '../../src/attack/schedule/segment.ts';
import type { PreparedRun } from '../../src/cli/manifest/prepare.ts';
import { prepareTest } from '../../src/cli/run/prepare.ts';
import { callerWith } from '../../src/coordinator/caller.ts';
import { Coordinator } from '../../src/coordinator/coordinator.ts';
import { LocalWorkerPool } from '../../src/coordinator/local-pool.ts';
import type { RecordOptions } from '../../src/coordinator/protocol.ts';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { SyncServer } from '../../src/coordinator/sync-server.ts';
import type { Timing } from '../../src/coordinator/timing.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { dropped } from '../../src/metrics/tally.ts';
import type { Content, TemplateContent } from '../../src/template/content.ts';
import { makeTemplateContent } from '../../src/template/make-content.ts';
import { runTaz } from '../cli/taz-process.ts';

/** Runs of real worker processes against a real server, with the coordinator in this process. */

export interface TestRun {
  test: PreparedRun;
  spec: RunSpec;
  /** What it begins with. */
  content: Content;
  coordinator: Coordinator;
  pool: LocalWorkerPool;
  /** The plan as workers were told it last. */
  plan(): readonly Segment[];
  notes: string[];
  /** Messages about snapshots in which a law of counts did not hold. */
  brokenLaws: string[];
  ended: Promise<RunSnapshot>;
  /** Resolves with the first snapshot for which `condition` holds. @throws Error after `withinMs` */
  until(condition: (snapshot: RunSnapshot) => boolean, withinMs?: number): Promise<RunSnapshot>;
}

/** A LoadTest with one small event; `spec` is laid over it. */
export async function startRun(
  baseUrl: string,
  spec: Record<string, unknown>,
  options: {
    leaseMs?: number;
    lanes?: number;
    templates?: Record<string, string>;
    /** Manifest files with what stands beside the LoadTest. */
    files?: string[];
    records?: RecordOptions;
    metricsPort?: number;
    timing?: Partial<Timing>;
  } = {},
): Promise<TestRun> {
  const file = join(mkdtempSync(join(tmpdir(), 'taz-e2e-')), 'loadtest.json');
  const content = spec['targets'] === undefined ? { templates: templates(options.templates) } : {};
  const variables = [{ name: 'BaseURL', value: baseUrl }];
  const loadtest = {
    apiVersion: 'taz.dev/v1alpha1',
    kind: 'LoadTest',
    metadata: { name: 'e2e' },
    spec: { ...content, variables, ...spec },
  };
  writeFileSync(file, JSON.stringify(loadtest));
  const test = await prepareTest({ file: [file, ...(options.files ?? [])] });
  const notes: string[] = [];
  const brokenLaws: string[] = [];
  let plan: readonly Segment[] = [];
  const token = 'test-token';
  const run = 'e2e-run';
  const server = new SyncServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    callerOf: callerWith(token, {
      run,
      worker: null,
      sync: async (request) => {
        const response = await coordinator.sync(request);
        plan = response.assignment?.segments ?? plan;
        return response;
      },
      content: (digest) => coordinator.contentOf(digest),
      scouting: () => null,
      finding: () => {},
    }),
  });
  const address = await server.listen();
  const pool = new LocalWorkerPool({
    bootstrap: { coordinator: address, run, token, cores: options.lanes ?? 1 },
    metricsPort: options.metricsPort ?? null,
  });
  const coordinator = new Coordinator({
    clock: systemClock,
    pool,
    run,
    spec: test.spec,
    content: test.content,
    lanes: options.lanes ?? 1,
    leaseMs: options.leaseMs ?? 5000,
    records: options.records ?? null,
    timing: options.timing ?? {},
    note: (line) => notes.push(line),
  });
  const check = (snapshot: RunSnapshot): void => {
    const { scheduled, unreported, tally, warmup } = snapshot;
    brokenLaws.push(...checkLaws(tally.counts, scheduled, unreported));
    brokenLaws.push(...checkLaws(warmup.counts, warmup.scheduled, warmup.unreported));
  };
  const timer = setInterval(() => check(coordinator.snapshot()), 100);
  const ended = coordinator.ended.then(async (last) => {
    clearInterval(timer);
    check(last);
    await server.close();
    return last;
  });
  coordinator.start();
  return {
    test,
    spec: test.spec,
    content: test.content,
    coordinator,
    pool,
    plan: () => plan,
    notes,
    brokenLaws,
    ended,
    async until(condition, withinMs = 20_000) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const snapshot = coordinator.snapshot();
        if (condition(snapshot)) return snapshot;
        if (Date.now() > deadline) {
          throw new Error(
            `not so within ${withinMs} ms: ${condition.toString()} (phase ${snapshot.phase}, ${notes.join('; ')})`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** Lets a run come to its end, as every undisturbed run of so many hits does. */
export async function endComplete(run: TestRun, scheduled: number): Promise<RunSnapshot> {
  const last = await run.ended;
  const { counts } = last.tally;
  assert.equal(last.verdict, 'Completed');
  assert.deepEqual(run.brokenLaws, []);
  assert.equal(last.scheduled, scheduled);
  assert.equal(last.unreported, 0);
  assert.equal(counts.sent + dropped(counts), scheduled);
  assert.equal(counts.inFlight, 0);
  return last;
}

/** The same templates with others in place of some. */
export function withFiles(content: Content, files: Record<string, string>): Content {
  const templates = content as TemplateContent;
  return makeTemplateContent({ ...templates, files: { ...templates.files, ...files } });
}

function templates(files: Record<string, string> = {}) {
  const inline = {
    'target.json':
      '{"method": "POST", "url": "<%= it.BaseURL %>/v1/track", "body": "<%= includeEvent(\'event.json\', \'track\') %>"}',
    'event.json': '{"type": "track", "userId": "<%= phony(\'id\') %>", "event": "Item Purchased"}',
    ...files,
  };
  return { entry: 'target.json', from: [{ inline }] };
}

/** Runs an example of messages for two seconds, as a user would. @param set a variable, such as `NsqAddr=127.0.0.1:4150` */
export async function runExample(name: string, set: string): Promise<Record<string, number>> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const shortened = ['--rate', '200/s', '--duration', '2s', '--output', 'json', '--quiet'];
  const { code, stdout, stderr } = await runTaz(['run', '-f', file, '--set', set, ...shortened]);
  if (code !== 0) throw new Error(`taz run ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { counts: Record<string, number> }).counts;
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The sum over all series of a metric whose labels hold `labels`, as the worker on `port` tells it. */
export async function metric(port: number, name: string, labels = ''): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  let sum = 0;
  for (const [, of, value] of page.matchAll(new RegExp(`^${name}(\\{.*\\})? ([^ \\n]+)$`, 'gm'))) {
    if ((of ?? '').includes(labels)) sum += Number(value);
  }
  return sum;
}

/** A server that answers 200 at once and notes when each request arrived. */
export interface ArrivalTarget {
  url: string;
  /** Arrivals of whole requests, in ms of the clock that lanes use. */
  arrivals: number[];
  close(): Promise<void>;
}

export async function startArrivalTarget(): Promise<ArrivalTarget> {
  const arrivals: number[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      arrivals.push(systemClock.now());
      response.end('ok');
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A target for the tests of one `describe`, which is there while they run; each finds it without arrivals. */
export function useArrivalTarget(): ArrivalTarget {
  const target: ArrivalTarget = { url: '', arrivals: [], close: async () => {} };
  before(async () => {
    Object.assign(target, await startArrivalTarget());
  });
  after(() => target.close());
  beforeEach(() => {
    target.arrivals.length = 0;
  });
  return target;
}
