import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../attack/clock.ts';
import { Lane, type LaneOptions } from '../../attack/lane.ts';
import { LaneControl } from '../../attack/lane-control.ts';
import { Pacer } from '../../attack/pacer.ts';
import type { Targeter } from '../../attack/targeter.ts';
import { RunPlan } from '../../coordinator/course/run-plan.ts';
import { LaneBlock } from '../../metrics/lane-block.ts';
import { SUCCEEDED } from '../../metrics/outcome.ts';
import { createHttpTransport } from '../../transport/http/http-transport.ts';
import type { HttpOptions } from '../../transport/transport.ts';
import { Rational } from '../../units/rational.ts';

/** Enough hits for the engine to compile what is hot, as fast as it can send them. */
const RATE = 10_000;
const DURATION_MS = 400;
/** What a slow machine does not manage is left out. */
const MAX_LAG_MS = 100;
const TIMEOUT_MS = 1000;
const CONNECTIONS = 8;
const OWNER = 'rehearsal';

/** What is attacked, and with what. */
interface Rehearsal {
  /** One that is thrown away: the real one's random stream must not be touched. */
  targeter: Targeter;
  /** How many labels the targeter may name. */
  labels: number;
  connect: LaneOptions['connect'];
}

/**
 * Attacks a server of its own, in this thread and on loopback, with real targets sent elsewhere: so that the first hits
 * of a run do not pay for compiling, which would look like a slow target. Nothing reaches the service under test, and
 * nothing is counted. Takes at most `DURATION_MS + TIMEOUT_MS`.
 *
 * @param targeter one that is thrown away @param labels how many labels it may name
 */
export async function rehearseHttp(targeter: Targeter, labels: number, http: HttpOptions): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirected: Targeter = {
    next: (hit) => ({ ...targeter.next(hit), origin }),
    get label() {
      return targeter.label;
    },
  };
  const connect: LaneOptions['connect'] = (slots, report) =>
    createHttpTransport({ ...http, connections: CONNECTIONS }, slots, report);
  await attack({ targeter: redirected, labels, connect });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The same for messages: there is no broker, so they are rendered, scheduled and counted but not sent. */
export async function rehearseMessages(targeter: Targeter, labels: number): Promise<void> {
  const connect: LaneOptions['connect'] = (_slots, report) => ({
    send: (slot) => void setImmediate(() => report(slot, SUCCEEDED, 0, 0, 0, '')),
    abort: () => {},
    close: async () => {},
  });
  await attack({ targeter, labels, connect });
}

async function attack({ targeter, labels, connect }: Rehearsal): Promise<void> {
  const plan = new RunPlan({
    schedule: { kind: 'constant', rate: Rational.of(RATE) },
    durationMs: DURATION_MS,
    warmupMs: 0,
    suspended: false,
    hitLimit: null,
    stripes: 1,
    owners: { [OWNER]: [0] },
  });
  const lane = new Lane({
    clock: systemClock,
    owner: OWNER,
    index: 0,
    slots: CONNECTIONS,
    timeoutMs: TIMEOUT_MS,
    connect,
    targeter,
    block: new LaneBlock(labels),
    control: new LaneControl(),
    plan: {
      startAt: systemClock.now(),
      segments: plan.segments,
      endsAt: plan.endsAt,
      maxLagMs: MAX_LAG_MS,
      latencyAboveMs: Number.POSITIVE_INFINITY,
      windows: [],
    },
    records: null,
    samples: null,
    events: { wake: () => pacer.wake(), windowClosed: () => {}, templateFailed: () => {} },
  });
  const finished = Promise.withResolvers<void>();
  const pacer = new Pacer(lane, systemClock, false, finished.resolve);
  pacer.start();
  await finished.promise;
  await lane.close();
}
