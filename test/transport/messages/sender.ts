import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { failureName } from '../../../src/metrics/outcome.ts';
import { TopicBlock } from '../../../src/metrics/topic-counts.ts';
import type { MessageTransportFactory, Transport } from '../../../src/transport/transport.ts';

/** What became of a message, the outcome by its name. */
export interface Told {
  outcome: string;
  bytesOut: number;
  error: string;
}

/** A transport whose messages can be awaited. Each report that nobody waits for fails the test. */
export class Sender<T> {
  readonly transport: Transport<T>;
  readonly topics = new TopicBlock();
  readonly topicNames: string[] = [];
  readonly #waiting = new Map<number, (told: Told) => void>();
  #next = 0;

  constructor(connect: MessageTransportFactory<T, null>, slots: number) {
    let sending = false;
    this.topics.onName = (name) => this.topicNames.push(name);
    const transport = connect(
      null,
      slots,
      (slot, outcome, status, bytesOut, bytesIn, error) => {
        assert.ok(!sending, 'reported before send has returned');
        const resolve = this.#waiting.get(slot);
        assert.ok(resolve !== undefined, `nobody waits for slot ${slot}`);
        this.#waiting.delete(slot);
        assert.deepEqual([status, bytesIn], [0, 0]);
        resolve({ outcome: outcome === 0 ? 'succeeded' : failureName(outcome), bytesOut, error });
      },
      this.topics,
    );
    this.transport = {
      send: (slot, target) => {
        sending = true;
        transport.send(slot, target);
        sending = false;
      },
      abort: (slot) => transport.abort(slot),
      close: () => transport.close(),
    };
  }

  /** Sends in the slot after the last. */
  send(target: T, slot: number = this.#next++): Promise<Told> {
    return new Promise((resolve) => {
      assert.ok(!this.#waiting.has(slot));
      this.#waiting.set(slot, resolve);
      this.transport.send(slot, target);
    });
  }

  abort(slot: number): void {
    this.#waiting.delete(slot);
    this.transport.abort(slot);
  }
}

/** A sender that is closed when the test ends, which must leave nothing open. */
export function openSender<T>(
  t: TestContext,
  connect: MessageTransportFactory<T, null>,
  slots = 4096,
): Sender<T> {
  const sender = new Sender(connect, slots);
  t.after(() => sender.transport.close());
  return sender;
}

/** Resolves when `condition` holds. @throws Error after `withinMs` */
export async function until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
