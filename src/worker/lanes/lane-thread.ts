import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../attack/clock.ts';
import { Lane } from '../../attack/lane.ts';
import { LaneControl } from '../../attack/lane-control.ts';
import { Pacer } from '../../attack/pacer.ts';
import { Sampler } from '../../attack/sampler.ts';
import type { Targeter } from '../../attack/targeter.ts';
import { LaneBlock } from '../../metrics/lane-block.ts';
import { TopicBlock } from '../../metrics/topic-counts.ts';
import { Masker } from '../../report/mask.ts';
import { VegetaResultSink } from '../../report/vegeta-results.ts';
import type { Content } from '../../template/content.ts';
import { createTargeter } from '../../template/create-targeter.ts';
import { prepareTargeter } from '../../template/prepare-targeter.ts';
import { collectGarbage } from '../memory.ts';
import type { FromLane, LaneOrder, LaneSet, LaneSetup, ToLane } from './lane-messages.ts';
import { type LaneProtocol, laneProtocol } from './lane-protocol.ts';

/** The thread of one lane: its own event loop, templates and connections. Talks to the worker's main thread alone. */

/** Failures of templates are told at most this often, in ms. */
const TELL_FAILURE_EVERY_MS = 1000;

const port = parentPort!;
const setup = workerData as LaneSetup;
const block = new LaneBlock(setup.labels, setup.block);
const topics = new TopicBlock(setup.topics, setup.topicNames);
let protocol: LaneProtocol;
let lane: Lane | null = null;
let pacer: Pacer | null = null;
let records: VegetaResultSink | null = null;
let sampler: Sampler | null = null;
/** Makes the targets until the attack begins; from then on the lane has it. */
let targeter: Targeter;
/** The set that is prepared, or that was taken last. */
let newest: { content: Content; targeter: Promise<Targeter | null> };
/** Secrets of the newest sets: hits of an older one may still be in flight. */
let secrets = [secretsOf(setup.set.content)];
let masker = newMasker();
let failureToldAt = Number.NEGATIVE_INFINITY;

function tell(message: FromLane): void {
  port.postMessage(message);
}

function newTargeter(): Targeter {
  const { content, lines } = setup.set;
  return createTargeter(content, setup.identity, protocol.parse, lines);
}

function secretsOf({ secrets: names, variables }: Content): string[] {
  return names.flatMap((name) => variables[name] ?? []);
}

function newMasker(): Masker {
  return new Masker(secrets.flat());
}

function newRecords(): VegetaResultSink | null {
  if (setup.records === null) return null;
  const { path, bodies, headers } = setup.records;
  const { labels } = newest.content;
  return new VegetaResultSink({ path, attack: setup.attack, labels, bodies, headers, mask: masker });
}

function newSampler(): Sampler | null {
  const { samples: most } = setup;
  if (most === 0) return null;
  return new Sampler({ most, random: Math.random, mask: (text) => masker.text(text) });
}

function begin({ plan, precise }: LaneOrder): void {
  records = newRecords();
  sampler = newSampler();
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
    records,
    samples: sampler,
    events: {
      wake: () => pacer?.wake(),
      windowClosed: (index, tally) => tell({ type: 'window', index, values: tally.values.slice() }),
      templateFailed: (error) => {
        const now = systemClock.now();
        if (now - failureToldAt < TELL_FAILURE_EVERY_MS) return;
        failureToldAt = now;
        tell({ type: 'templateFailed', reason: masker.text(reasonOf(error)) });
      },
    },
  });
  pacer = new Pacer(lane, systemClock, precise, end);
  pacer.start();
}

/** Everything is counted and published; connections close, then the thread ends as nothing holds it. */
function end(): void {
  tell({ type: 'finished', samples: sampler?.kept ?? [] });
  void lane!.close().finally(() => port.close());
}

function fail(error: unknown): void {
  tell({ type: 'failed', reason: reasonOf(error) });
  port.close();
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function prepare({ content, lines }: LaneSet): void {
  const { digest } = content;
  const made = prepareTargeter(content, setup.identity, protocol.parse, lines).then(
    (prepared) => {
      tell({ type: 'prepared', digest });
      return prepared;
    },
    (error: unknown) => {
      const masker = new Masker(secretsOf(content));
      tell({ type: 'unusable', digest, reason: masker.text(reasonOf(error)) });
      return null;
    },
  );
  newest = { content, targeter: made };
}

/** @param at clock time in ms */
async function swap(digest: string, at: number): Promise<void> {
  const { content, targeter: made } = newest;
  const next = content.digest === digest ? await made : null;
  if (next === null) return;
  secrets = [...secrets.slice(-2), secretsOf(content)];
  masker = newMasker();
  records?.follow(content.labels, masker);
  if (lane !== null) lane.retarget(next, at);
  else {
    targeter.close?.();
    targeter = next;
  }
  tell({ type: 'swapped', digest });
}

async function main(): Promise<void> {
  topics.onName = (name) => tell({ type: 'topic', name });
  protocol = await laneProtocol(setup.protocol, topics, setup.allowedHosts);
  targeter = newTargeter();
  newest = { content: setup.set.content, targeter: Promise.resolve(targeter) };
  if (setup.rehearse) await protocol.rehearse(newTargeter(), setup.labels);
  collectGarbage();
  port.on('message', (message: ToLane) => {
    try {
      obey(message);
    } catch (error) {
      fail(error);
    }
  });
  tell({ type: 'ready' });
}

function obey(message: ToLane): void {
  switch (message.type) {
    case 'follow':
      if (lane === null) begin(message);
      else {
        lane.follow(message.plan);
        pacer!.precise = message.precise;
      }
      tell({ type: 'followed', version: message.version });
      return pacer!.wake();
    case 'prepare':
      return prepare(message.set);
    case 'swap':
      swap(message.digest, message.at).catch(fail);
      return;
    case 'stop':
      if (lane !== null) return lane.stop();
      tell({ type: 'finished', samples: [] });
      port.close();
  }
}

main().catch(fail);
