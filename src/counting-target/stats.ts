import { Arrivals } from './arrivals.ts';
import { BoundedCounts } from './bounded-counts.ts';
import { EventCounts, type EventStats } from './event-counts.ts';

/** Bodies longer than this are counted in bytes and not read. */
export const MAX_READ_BODY = 1 << 20;

const MAX_PATHS = 1_000;
const MAX_WRITE_KEYS = 10_000;

/**
 * What `GET /stats` answers. All counts are since the start or the last `DELETE /stats`; times are in ms since 1970 with
 * a fraction, sizes in bytes. `started = requests + aborted + arriving`.
 */
export interface CountingTargetStats {
  sinceMs: number;
  /** Requests that arrived whole; the number that a load tester's count is held against. */
  requests: number;
  /** Requests whose headers arrived. */
  started: number;
  /** Requests given up by the client before they had arrived whole. */
  aborted: number;
  /** Requests whose headers have arrived and whose body has not yet. */
  arriving: number;
  /** Arrivals of the first and the last whole request; null: none yet. */
  firstAtMs: number | null;
  lastAtMs: number | null;
  /** Whole requests by the second (since 1970) of their arrival; the last 600 seconds that saw one. */
  perSecond: Record<string, number>;
  /** The most whole requests within any span of one second, wherever it begins. */
  mostInASecond: number;
  paths: Record<string, number>;
  /** By the user name of `Authorization: Basic`. */
  writeKeys: Record<string, number>;
  events: EventStats;
  /** Bodies. */
  bytes: { in: number; out: number };
  /** Answers handed to the connection, by status; truncated ones too. */
  statuses: Record<string, number>;
  hung: number;
  truncated: number;
  closed: number;
  /** Whole requests whose client left before the answer, those of `hung` requests included. */
  abandoned: number;
  /** From the headers' arrival until the answer is handed over or the connection ends. */
  inFlight: { now: number; highest: number };
  connections: { now: number; highest: number; opened: number };
}

/** Counts what arrives at the target and what leaves it. */
export class Stats {
  readonly #now: () => number;
  #arrivals = new Arrivals();
  #paths = new BoundedCounts(MAX_PATHS);
  #writeKeys = new BoundedCounts(MAX_WRITE_KEYS);
  #statuses = new BoundedCounts(1_000);
  #events = new EventCounts();
  #counts = { requests: 0, started: 0, aborted: 0, bytesIn: 0, bytesOut: 0, abandoned: 0 };
  #fates = { hung: 0, truncated: 0, closed: 0 };
  #sinceMs: number;
  #arriving = 0;
  #inFlight = { now: 0, highest: 0 };
  #connections = { now: 0, highest: 0, opened: 0 };

  /** @param now the wall clock, in ms since 1970 with a fraction; must not run backwards */
  constructor(now: () => number) {
    this.#now = now;
    this.#sinceMs = now();
  }

  /** Forgets all counts; what is under way now stays. */
  reset(): void {
    this.#arrivals = new Arrivals();
    this.#paths = new BoundedCounts(MAX_PATHS);
    this.#writeKeys = new BoundedCounts(MAX_WRITE_KEYS);
    this.#statuses = new BoundedCounts(1_000);
    this.#events = new EventCounts();
    this.#counts = {
      requests: 0,
      started: this.#arriving,
      aborted: 0,
      bytesIn: 0,
      bytesOut: 0,
      abandoned: 0,
    };
    this.#fates = { hung: 0, truncated: 0, closed: 0 };
    this.#sinceMs = this.#now();
    this.#inFlight.highest = this.#inFlight.now;
    this.#connections.highest = this.#connections.now;
    this.#connections.opened = 0;
  }

  requestStarted(): void {
    this.#counts.started++;
    this.#arriving++;
    const inFlight = this.#inFlight;
    if (++inFlight.now > inFlight.highest) inFlight.highest = inFlight.now;
  }

  /** @param body null where it was too long to be read; `size` is its length in either case */
  requestArrived(path: string, writeKey: string, size: number, body: Buffer | null): void {
    this.#arriving--;
    this.#counts.requests++;
    this.#counts.bytesIn += size;
    this.#arrivals.add(this.#now());
    this.#paths.add(path);
    if (writeKey !== '') this.#writeKeys.add(writeKey);
    if (body) this.#events.add(body, writeKey);
  }

  requestAborted(): void {
    this.#arriving--;
    this.#counts.aborted++;
  }

  answered(status: number, bytes: number): void {
    this.#statuses.add(String(status));
    this.#counts.bytesOut += bytes;
  }

  misbehaved(fate: 'hung' | 'truncated' | 'closed'): void {
    this.#fates[fate]++;
  }

  abandoned(): void {
    this.#counts.abandoned++;
  }

  requestEnded(): void {
    this.#inFlight.now--;
  }

  connectionOpened(): void {
    const connections = this.#connections;
    connections.opened++;
    if (++connections.now > connections.highest) connections.highest = connections.now;
  }

  connectionClosed(): void {
    this.#connections.now--;
  }

  snapshot(): CountingTargetStats {
    const { requests, started, aborted, bytesIn, bytesOut, abandoned } = this.#counts;
    return {
      sinceMs: this.#sinceMs,
      requests,
      started,
      aborted,
      arriving: this.#arriving,
      ...this.#arrivals.snapshot(),
      paths: this.#paths.toJSON(),
      writeKeys: this.#writeKeys.toJSON(),
      events: this.#events.snapshot(),
      bytes: { in: bytesIn, out: bytesOut },
      statuses: this.#statuses.toJSON(),
      ...this.#fates,
      abandoned,
      inFlight: { ...this.#inFlight },
      connections: { ...this.#connections },
    };
  }
}
