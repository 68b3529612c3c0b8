import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { RunPlan } from '../../../src/coordinator/course/run-plan.ts';
import {
  type Assignment,
  CONTENT_PATH,
  FINDING_PATH,
  type Finding,
  SCOUTING_PATH,
  type ScoutingOrder,
  SYNC_PATH,
  type SyncRequest,
  type SyncResponse,
} from '../../../src/coordinator/protocol.ts';
import type { Content } from '../../../src/template/content.ts';
import { parseRate } from '../../../src/units/rate.ts';
import { runSpec } from '../../coordinator/run-spec.ts';
import type { Certified } from './authority.ts';

const HOLD_MS = 50;

/** The coordinator of one worker, at the end of the wire: it says what the test says. */
export class FakeCoordinator {
  readonly calls: SyncRequest[] = [];
  readonly findings: Finding[] = [];
  readonly tokens: string[] = [];
  readonly contents = new Map<string, Content>();
  readonly orders = new Map<string, ScoutingOrder>();
  /** null: not named yet. */
  assignment: Assignment | null = null;
  response: Partial<SyncResponse> = {};
  /** The token that calls must have; null: any. */
  token: string | null = null;
  /** Status of every answer in place of a good one; null: good ones. */
  status: number | null = null;
  connections = 0;
  readonly #server: https.Server;

  constructor(certified: Certified) {
    this.#server = https.createServer(certified, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.destroy(error as Error);
      });
    });
    this.#server.on('secureConnection', () => {
      this.connections++;
    });
    this.#server.on('tlsClientError', () => {});
  }

  get last(): SyncRequest | undefined {
    return this.calls.at(-1);
  }

  /** @param port 0: a free one @returns the port */
  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Names a plan: this rate from the start on. */
  assign(differences: Partial<Assignment> & { rate?: string; durationMs?: number }): void {
    const { rate = '100/s', durationMs = 60_000, ...rest } = differences;
    const { protocol } = runSpec();
    const incarnation = this.last?.worker.incarnation ?? '';
    const plan = new RunPlan({
      schedule: { kind: 'constant', rate: parseRate(rate) },
      durationMs,
      warmupMs: 0,
      suspended: false,
      hitLimit: null,
      stripes: 1,
      owners: { [incarnation]: [0] },
    });
    const before = this.assignment;
    this.assignment = {
      version: { epoch: before?.version.epoch ?? 1, n: (before?.version.n ?? 0) + 1 },
      content: { current: null, from: 0, next: null, labels: [], mostLabels: 32, refused: 0 },
      protocol,
      lanes: 1,
      workers: 1,
      maxLagMs: 1000,
      warmupMs: 0,
      stopWhen: null,
      afterLease: 'Stop',
      records: null,
      startAt: null,
      endsAt: plan.endsAt,
      fenceMs: null,
      stop: false,
      ...(before !== null && { content: before.content, startAt: before.startAt, protocol: before.protocol }),
      segments: plan.segments,
      ...rest,
    };
  }

  /** The set that is sent, which workers can fetch. */
  give(content: Content): void {
    this.contents.set(content.digest, content);
    const order = { current: content.digest, from: 0, next: null, labels: content.labels };
    this.assign({ content: { ...order, mostLabels: 32, refused: 0 } });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    this.tokens.push(token);
    const { method, url = '' } = request;
    const respond = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const body = method === 'POST' ? await json(request) : null;
    if (this.status !== null) return respond(this.status, { error: 'not the leader' });
    if (this.token !== null && token !== this.token)
      return respond(401, { error: 'another token is needed' });
    if (url === SYNC_PATH) return respond(200, await this.#sync(body as SyncRequest));
    if (url === FINDING_PATH) {
      this.findings.push(body as Finding);
      return respond(200, {});
    }
    const [, prefix, digest] = /^(\/v1\/[a-z]+\/)(.*)$/.exec(url) ?? [];
    const found =
      prefix === CONTENT_PATH
        ? this.contents.get(digest!)
        : prefix === SCOUTING_PATH && this.orders.get(digest!);
    if (found) return respond(200, found);
    respond(404, { error: 'not here' });
  }

  async #sync(call: SyncRequest): Promise<SyncResponse> {
    this.calls.push(call);
    const heldMs = call.urgent ? 0 : HOLD_MS;
    await new Promise((resolve) => setTimeout(resolve, heldMs));
    const isOver = call.state === 'ended' || call.state === 'failed';
    return {
      now: performance.timeOrigin + performance.now(),
      heldMs,
      leaseMs: 120_000,
      acknowledged: call.report?.counters.sequence ?? 0,
      resync: false,
      assignment: this.assignment,
      dismissed: false,
      saved: isOver,
      scouting: null,
      wanted: null,
      ...this.response,
    };
  }
}
