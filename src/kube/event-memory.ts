import type { Clock } from '../attack/clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** What is to be done with an event. */
export type EventDecision =
  /** It is new. */
  | { kind: 'create' }
  /** It was told before and has now happened `count` times. */
  | { kind: 'repeat'; name: string; count: number }
  /** It was told before, and a count of it was written a moment ago; or its object has had too many. */
  | { kind: 'drop' };

/** The most events and objects that are remembered; of those beyond, the oldest are forgotten. */
const MOST = 4096;

/** After so long, in ms, an event that happens again is a new one. API servers keep events for an hour. */
const FORGET_MS = 10 * 60_000;

/** How often the count of one event is written, in ms. */
const COUNT_EVERY_MS = 30_000;

/** How many different events one object may have at once, and a second in the long run. */
const BURST = 25;
const PER_SECOND = 1 / 60;

interface Told {
  name: string;
  count: number;
  at: number;
  writtenAt: number;
}

/** Remembers which events were told, so that nothing that happens again and again makes more than a count. */
export class EventMemory {
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param uid of the object
   * @param what all that makes two events the same
   * @param name of the event, if it is to be created
   */
  decide(uid: string, what: string, name: string): EventDecision {
    const now = this.#clock.now();
    const key = `${uid} ${what}`;
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < FORGET_MS) {
      told.count++;
      told.at = now;
      if (now - told.writtenAt < COUNT_EVERY_MS) return { kind: 'drop' };
      told.writtenAt = now;
      return { kind: 'repeat', name: told.name, count: told.count };
    }
    if (!this.#bucketOf(uid).take()) return { kind: 'drop' };
    remember(this.#told, key, { name, count: 1, at: now, writtenAt: now });
    return { kind: 'create' };
  }

  /** An event could not be written: when it happens again it is new. */
  forget(uid: string, what: string): void {
    this.#told.delete(`${uid} ${what}`);
  }

  #bucketOf(uid: string): TokenBucket {
    const bucket = this.#buckets.get(uid) ?? new TokenBucket(this.#clock, PER_SECOND, BURST);
    remember(this.#buckets, uid, bucket);
    return bucket;
  }
}

/** Puts an entry at the end, and forgets the first of too many. */
function remember<T>(map: Map<string, T>, key: string, entry: T): void {
  map.delete(key);
  map.set(key, entry);
  if (map.size <= MOST) return;
  const [first] = map.keys();
  map.delete(first!);
}
