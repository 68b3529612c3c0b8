import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../attack/clock.ts';
import { Lane, type LanePlan } from '../attack/lane.ts';
import { LaneControl } from '../attack/lane-control.ts';
import { Pacer } from '../attack/pacer.ts';
import type { RecordSink } from '../attack/record.ts';
import type { Targeter } from '../attack/targeter.ts';
import { LaneBlock } from '../metrics/lane-block.ts';
import { Masker } from '../report/mask.ts';
import { VegetaResultSink } from '../report/vegeta-results.ts';
import { createTargeter } from '../template/create-targeter.ts';
import type { FromLane, LaneSetup, ToLane } from './lane-messages.ts';
import { laneProtocol } from './lane-protocol.ts';

/** The thread of one lane: its own event loop, templates and connections. Talks to the worker's main thread alone. */

/** Failures of templates are told at most this often, in ms. */
const TELL_FAILURE_EVERY_MS = 1000;

const port = parentPort!;
const setup = workerData as LaneSetup;
const protocol = laneProtocol(setup.protocol);
const block = new LaneBlock(setup.content.labels.length, setup.block);
let lane: Lane | null = null;
let pacer: Pacer | null = null;
let failureToldAt = Number.NEGATIVE_INFINITY;

function tell(message: FromLane): void {
  port.postMessage(message);
}

function newTargeter(): Targeter {
  return createTargeter(setup.content, setup.identity, protocol.parse, setup.lines);
}

function newMasker(): Masker {
  const { secrets, variables } = setup.content;
  return new Masker(secrets.flatMap((name) => variables[name] ?? []));
}

function newRecords(): RecordSink | null {
  const { records, content, attack } = setup;
  if (records === null) return null;
  const { path, bodies, headers } = records;
  return new VegetaResultSink({
    path,
    attack,
    labels: content.labels,
    bodies,
    headers,
    mask: newMasker(),
  });
}

function begin(targeter: Targeter, plan: LanePlan): void {
  lane = new Lane({
    clock: systemClock,
    owner: setup.owner,
    index: setup.index,
    slots: protocol.slots,
    timeoutMs: protocol.timeoutMs,
    connect: protocol.connect,
    targeter,
    block,
    control: new LaneControl(setup.control),
    plan,
    warmupMs: setup.warmupMs,
    windowMs: setup.windowMs,
    records: newRecords(),
    events: {
      wake: () => pacer?.wake(),
      windowClosed: (index, tally) => tell({ type: 'window', index, values: tally.values.slice() }),
      templateFailed: (error) => {
        const now = systemClock.now();
        if (now - failureToldAt < TELL_FAILURE_EVERY_MS) return;
        failureToldAt = now;
        const reason = error instanceof Error ? error.message : String(error);
        tell({ type: 'templateFailed', reason: newMasker().text(reason) });
      },
    },
  });
  pacer = new Pacer(lane, systemClock, setup.precise, end);
  pacer.start();
}

/** Everything is counted and published; connections close, then the thread ends as nothing holds it. */
function end(): void {
  tell({ type: 'finished' });
  void lane!.close().finally(() => port.close());
}

function fail(error: unknown): void {
  tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
  port.close();
}

async function main(): Promise<void> {
  const targeter = newTargeter();
  if (setup.rehearse) await protocol.rehearse(newTargeter(), setup.content.labels.length);
  port.on('message', (message: ToLane) => {
    try {
      obey(message, targeter);
    } catch (error) {
      fail(error);
    }
  });
  tell({ type: 'ready' });
}

function obey(message: ToLane, targeter: Targeter): void {
  if (message.type === 'follow') {
    if (lane === null) begin(targeter, message.plan);
    else lane.follow(message.plan);
    tell({ type: 'followed', version: message.version });
    pacer?.wake();
  } else if (lane !== null) {
    lane.stop();
  } else {
    tell({ type: 'finished' });
    port.close();
  }
}

main().catch(fail);
