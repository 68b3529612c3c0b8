import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureCode, failureName } from '../../../src/metrics/outcome.ts';
import type { PartitionBatch } from '../../../src/transport/kafka/batch.ts';
import { Broker, type BrokerOwner } from '../../../src/transport/kafka/broker.ts';
import type { BrokerConnection } from '../../../src/transport/kafka/broker-connection.ts';
import { ByteWriter } from '../../../src/transport/kafka/byte-writer.ts';
import type { ProduceAnswer } from '../../../src/transport/kafka/kafkajs.ts';
import { Topic } from '../../../src/transport/kafka/topic.ts';
import type { Batch } from '../../../src/transport/messages/batch.ts';
import { Failure } from '../../../src/transport/messages/failure.ts';
import type { KafkaOptions } from '../../../src/transport/protocol.ts';
import { DEFAULTS, message } from './harness.ts';

/** A connection whose requests the test answers. */
class FakeConnection {
  isOpen = true;
  onClosed: (failure: Failure) => void = () => {};
  readonly requests: {
    bytes: number;
    answer: (answer: ProduceAnswer) => void;
    fail: (error: Error) => void;
  }[] = [];

  produce(size: number, writeBody: (writer: ByteWriter) => void): Promise<ProduceAnswer> {
    const writer = new ByteWriter(size);
    writeBody(writer);
    return new Promise((answer, fail) => this.requests.push({ bytes: writer.at, answer, fail }));
  }

  destroy(failure: Failure): void {
    this.isOpen = false;
    this.onClosed(failure);
  }
}

/** A broker with one topic of two partitions; what becomes of messages is noted. */
class World implements BrokerOwner {
  readonly options: KafkaOptions;
  readonly broker: Broker;
  readonly topic = new Topic('t');
  connection = new FakeConnection();
  /** Slots by what became of them. */
  readonly settledAs: Record<string, number[]> = {};
  readonly lostFor: (string | null)[] = [];
  readonly misplacedMessages: number[] = [];
  readonly #place = new Map<number, { batch: Batch; index: number }>();

  constructor(options: Partial<KafkaOptions> = {}) {
    this.options = { ...DEFAULTS, lingerMs: 10, ...options };
    this.broker = new Broker({ host: 'h', port: 1 }, this);
    this.topic.learn([this.broker, this.broker]);
  }

  add(slot: number, partition = 0): Failure | null {
    return this.broker.add(
      this.topic.partitions![partition]!,
      slot,
      message('h:1', 't', `message ${slot}`),
      1000,
    );
  }

  remove(slot: number): void {
    const { batch, index } = this.#place.get(slot)!;
    batch.remove(index);
  }

  async open(): Promise<BrokerConnection> {
    return this.connection as unknown as BrokerConnection;
  }

  sequence(): null {
    return null;
  }

  sequenceBroken(): void {
    assert.fail('there are no numbers');
  }

  placed(slot: number, batch: Batch, index: number): void {
    this.#place.set(slot, { batch, index });
  }

  settled(batch: Batch, outcome: number): void {
    const name = outcome === 0 ? 'succeeded' : failureName(outcome);
    (this.settledAs[name] ??= []).push(...batch.slots.filter((slot) => slot !== -1));
  }

  misplaced(_topic: Topic, unsent: PartitionBatch[]): void {
    this.misplacedMessages.push(...unsent.flatMap(({ slots }) => slots));
  }

  lost(broker: Broker, failure: Failure | null): void {
    this.lostFor.push(failure?.message ?? null);
    for (const batch of broker.takeUnsent(null)) this.misplacedMessages.push(...batch.slots);
  }
}

/** What a broker answers: an error code for each partition. */
function answer(...codes: number[]): ProduceAnswer {
  const partitions = codes.map((errorCode, partition) => ({ partition, errorCode }));
  return { topics: [{ topicName: 't', partitions }] };
}

const settle = () => sleep(0);

describe('a broker gathers messages into batches', () => {
  test('which wait for the linger, and go out as one request with a batch for each partition', async () => {
    const world = new World();
    for (let slot = 0; slot < 4; slot++) assert.equal(world.add(slot, slot % 2), null);
    await settle();
    assert.equal(world.connection.requests.length, 0);
    await sleep(20);
    assert.equal(world.connection.requests.length, 1);
    world.connection.requests[0]!.answer(answer(0, 0));
    await settle();
    assert.deepEqual(world.settledAs, { succeeded: [0, 2, 1, 3] });
    assert.ok(world.broker.isIdle);
  });

  test('which go out at once when they are full, in messages or in bytes', async () => {
    const byCount = new World({ batchMessages: 2, lingerMs: 60_000 });
    const byBytes = new World({ batchBytes: 18, lingerMs: 60_000 });
    for (const world of [byCount, byBytes]) {
      world.broker.adopt(world.connection as unknown as BrokerConnection);
      for (let slot = 0; slot < 4; slot++) world.add(slot);
      assert.equal(world.connection.requests.length, 2);
      world.broker.destroy(new Failure(failureCode('closed'), 'the end'));
    }
  });

  test('without a linger in the same turn of the event loop', async () => {
    const world = new World({ lingerMs: 0 });
    world.broker.adopt(world.connection as unknown as BrokerConnection);
    world.add(0);
    world.add(1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(world.connection.requests.length, 1);
  });

  test('at most five requests are on their way; meanwhile the batch grows, and goes with the next answer', async () => {
    const world = new World({ batchMessages: 100, lingerMs: 1 });
    world.broker.adopt(world.connection as unknown as BrokerConnection);
    for (let slot = 0; slot < 12; slot++) {
      world.add(slot);
      await sleep(4);
    }
    assert.equal(world.connection.requests.length, 5);
    world.remove(7);
    world.connection.requests[0]!.answer(answer(0));
    await settle();
    assert.equal(world.connection.requests.length, 6);
    for (const request of world.connection.requests.slice(1)) request.answer(answer(0));
    await settle();
    assert.deepEqual(world.settledAs, { succeeded: [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11] });
  });

  test('of which each has its own error, and one that was misplaced takes what was not sent along', async () => {
    const world = new World({ lingerMs: 1 });
    world.broker.adopt(world.connection as unknown as BrokerConnection);
    world.add(0, 0);
    world.add(1, 1);
    await sleep(5);
    world.add(2, 0);
    world.connection.requests[0]!.answer(answer(10, 6));
    await settle();
    assert.deepEqual(world.settledAs, { message_too_large: [0], not_leader: [1] });
    assert.deepEqual(world.misplacedMessages, [2]);
  });

  test('an answer that is not about a batch is one about none', async () => {
    const world = new World({ lingerMs: 1 });
    world.broker.adopt(world.connection as unknown as BrokerConnection);
    world.add(0, 1);
    await sleep(5);
    world.connection.requests[0]!.answer(answer(0));
    await settle();
    assert.deepEqual(world.settledAs, { protocol: [0] });
  });
});

describe('a broker that is lost', () => {
  test('what was on its way fails once, the rest is given back, and the next connection works as the first', async () => {
    const world = new World({ lingerMs: 1 });
    const [first] = [world.connection];
    world.add(0);
    await sleep(5);
    world.add(1);
    world.broker.destroy(new Failure(failureCode('stalled'), 'nothing is answered'));
    first.requests[0]!.fail(new Error('the connection has ended'));
    await settle();
    assert.deepEqual(world.settledAs, { stalled: [0] });
    assert.deepEqual([world.misplacedMessages, world.lostFor], [[1], [null]]);
    world.connection = new FakeConnection();
    world.add(2);
    await sleep(10);
    world.connection.requests[0]!.answer(answer(0));
    await settle();
    assert.deepEqual(world.settledAs, { stalled: [0], succeeded: [2] });
  });

  test('while it cannot be connected to, messages fail at once for that reason, until it is tried again', async () => {
    const world = new World({ lingerMs: 1 });
    const refused = new Failure(failureCode('refused'), 'nobody listens');
    world.open = async () => {
      throw refused;
    };
    assert.equal(world.add(0), null);
    await settle();
    assert.deepEqual(world.lostFor, ['nobody listens']);
    assert.equal(world.add(1), refused);
    await sleep(60);
    assert.equal(world.add(2), null);
    await settle();
  });
});
