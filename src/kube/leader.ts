import type { Clock } from '../attack/clock.ts';
import { sleep } from '../time/sleep.ts';
import type { CallOptions, Client } from './client.ts';
import { isKubeError } from './errors.ts';
import { leaseSpec, leaveAloneMs, readLease, type SeenLease, seeLease } from './lease-record.ts';
import { LEASES, type Lease } from './resources.ts';

/** A time in which this process alone leads. */
export interface Term {
  /**
   * Grows with every change of leader, and with every term of one process: what carries a lower one is of an earlier
   * leader. (Only where the Lease was deleted while no process was there to remember, it begins anew.)
   */
  readonly epoch: number;
  /** Aborted when the lead is lost, or has to be given up. */
  readonly signal: AbortSignal;
  /**
   * Whether the lead is sure at this moment by the clock. A process that was stopped for a while has lost it before its
   * signal says so: ask before what must not be done twice.
   */
  held(): boolean;
}

/** What of a client an election needs. */
export type LeaseClient = Pick<Client, 'find' | 'create' | 'replace'>;

export interface LeaderOptions {
  client: LeaseClient;
  clock: Clock;
  /** Where the Lease is. */
  namespace: string;
  name: string;
  /** Differs for each process, also for two in one pod one after the other. */
  identity: string;
  /** Does the work of a leader until `term.signal` is aborted; only when it has ended the lead is given away. */
  lead: (term: Term) => Promise<void>;
  /** Takes what happens, a line at a time. Default: nobody. */
  note?: (line: string) => void;
  /** 0 ≤ … < 1. Default: `Math.random`. */
  random?: () => number;
}

/** How long others leave the lead alone after the last change that they saw. */
const LEASE_MS = 15_000;

/** When the lead has not been confirmed for so long, it is lost. Well below `LEASE_MS`, so that nobody leads before. */
const CONFIRM_WITHIN_MS = 10_000;

/** How often the lead is confirmed, or looked at by who has not got it. */
const EVERY_MS = 2_000;

/** How long the work of a leader may take to end when the process is to end. */
const GRACE_MS = 20_000;

/** How long one call may take, at most and in a hurry. */
const CALL_MS = 5_000;
const LEAST_CALL_MS = 500;

/** Leads while a Lease says so: of several processes, one at a time. */
export class LeaderElection {
  readonly #options: LeaderOptions;
  #seen: SeenLease | null = null;
  #highestEpoch = 0;
  #holder = '';

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  /** Whose the lead was when last seen; empty: nobody's. */
  get holder(): string {
    return this.#holder;
  }

  /**
   * Waits for the lead, leads, and waits again when it is lost, until `signal` is aborted. Then it ends its term and gives
   * the lead away, so that another need not wait. @throws what `lead` throws, after giving the lead away
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const held = await this.#acquire(signal);
      if (held !== null) await held.serve(signal);
    }
  }

  async #acquire(signal: AbortSignal): Promise<HeldLease | null> {
    const { note, random = Math.random } = this.#options;
    while (!signal.aborted) {
      try {
        const held = await this.#tryAcquire(signal);
        if (held !== null) return held;
      } catch (error) {
        // Another was quicker: no news.
        if (signal.aborted) break;
        if (!isKubeError(error, 'Conflict', 'AlreadyExists'))
          note?.(`cannot get the lead: ${wordsOf(error)}`);
      }
      await sleep(EVERY_MS * (0.8 + 0.4 * random()), signal);
    }
    return null;
  }

  /** @returns null when it has to be left alone */
  async #tryAcquire(signal: AbortSignal): Promise<HeldLease | null> {
    const { client, clock, namespace, name, identity } = this.#options;
    const lease = await client.find(LEASES, { namespace, name }, { signal, timeoutMs: CALL_MS });
    if (lease !== null) {
      this.#seen = seeLease(this.#seen, lease, clock.now());
      this.#highestEpoch = Math.max(this.#highestEpoch, this.#seen.record.transitions);
      this.#sawHolder(this.#seen.record.holder);
      if (leaveAloneMs(this.#seen, identity, clock.now()) > 0) return null;
    }
    const held = new HeldLease(this.#options, this.#highestEpoch + 1, lease);
    await held.confirm(signal);
    this.#highestEpoch = held.epoch;
    this.#sawHolder(identity);
    return held;
  }

  #sawHolder(holder: string): void {
    if (holder === this.#holder) return;
    this.#holder = holder;
    const { identity, note } = this.#options;
    if (holder !== '') note?.(holder === identity ? 'this process leads' : `${holder} leads`);
  }
}

/** A Lease that says that this process leads, or is about to. */
class HeldLease {
  readonly epoch: number;
  readonly #options: LeaderOptions;
  readonly #acquiredAt: number;
  /** As it was last read or written; null: there is none yet, or it is another's. */
  #lease: Lease | null;
  /** When the last confirmation that succeeded was sent. */
  #confirmedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderOptions, epoch: number, lease: Lease | null) {
    this.#options = options;
    this.epoch = epoch;
    this.#lease = lease;
    this.#acquiredAt = options.clock.wall();
  }

  /** Writes that this process leads. @throws KubeError; `Conflict` or `AlreadyExists`: another has written */
  async confirm(signal: AbortSignal | undefined): Promise<void> {
    const sentAt = this.#options.clock.now();
    await this.#write(this.#options.identity, LEASE_MS / 1000, signal);
    this.#confirmedAt = sentAt;
  }

  /** Leads until the lead is lost or `signal` is aborted. */
  async serve(signal: AbortSignal): Promise<void> {
    const { clock, lead, note } = this.#options;
    const term = new AbortController();
    const endTerm = (): void => term.abort(new Error('the process ends'));
    signal.addEventListener('abort', endTerm, { once: true });
    if (signal.aborted) endTerm();
    const ended = new AbortController();
    const held = (): boolean => clock.now() - this.#confirmedAt < CONFIRM_WITHIN_MS;
    const work = lead({ epoch: this.epoch, signal: term.signal, held }).finally(() => ended.abort());
    // Confirmed also while the work of the term comes to its end, so that nobody leads beside it.
    const lost = this.#keepConfirmed(ended.signal).then((stillOurs) => {
      if (stillOurs || ended.signal.aborted) return;
      note?.('the lead is lost');
      term.abort(new Error('the lead is lost'));
    });
    try {
      await withinGrace(work, term.signal);
      if (!term.signal.aborted) throw new Error('the work of the leader has ended before its term');
    } finally {
      signal.removeEventListener('abort', endTerm);
      term.abort(new Error('the term has ended'));
      ended.abort();
      await lost;
      await this.#release();
    }
  }

  /** @returns whether the lead is still this process's; false: it is lost */
  async #keepConfirmed(ended: AbortSignal): Promise<boolean> {
    let waitMs = EVERY_MS;
    while (await sleep(Math.min(waitMs, this.#leftMs), ended)) {
      if (this.#leftMs <= 0) return false;
      waitMs = EVERY_MS;
      try {
        // Not ended with the term: a write whose end nobody saw would keep the lead from being given away.
        await this.confirm(undefined);
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return false;
        if (!isKubeError(error, 'Conflict')) {
          this.#options.note?.(`the lead is not confirmed: ${wordsOf(error)}`);
          continue;
        }
        if (!(await this.#mayStillLead())) return false;
        waitMs = 0;
      }
    }
    return true;
  }

  /** How long until the lead is lost without a confirmation, in ms. */
  get #leftMs(): number {
    return this.#confirmedAt + CONFIRM_WITHIN_MS - this.#options.clock.now();
  }

  /** Somebody else has written, or this process in a call without an answer: reads the lease again. */
  async #mayStillLead(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const lease = await client
      .find(LEASES, { namespace, name }, this.#callOptions(undefined))
      .catch(() => null);
    if (lease === null) return true;
    const { holder, transitions } = readLease(lease);
    const ours = holder === identity && transitions === this.epoch;
    this.#lease = ours ? lease : null;
    return ours;
  }

  /** Gives the lead away, if it is still this process's. */
  async #release(): Promise<void> {
    try {
      if (this.#lease !== null) await this.#write('', 1, undefined);
    } catch {
      // Another has it, or will take it when the time is over.
    }
  }

  async #write(holder: string, durationSeconds: number, signal: AbortSignal | undefined): Promise<void> {
    const { client, clock, namespace, name } = this.#options;
    const record = { holder, durationSeconds, transitions: this.epoch };
    const spec = leaseSpec(record, this.#acquiredAt, clock.wall());
    const options = this.#callOptions(signal);
    this.#lease =
      this.#lease === null
        ? await client.create(LEASES, { metadata: { namespace, name }, spec }, options)
        : await client.replace(LEASES, { ...this.#lease, spec: { ...this.#lease.spec, ...spec } }, options);
  }

  /** A call must not last longer than the lead. */
  #callOptions(signal: AbortSignal | undefined): CallOptions {
    const leftMs = Number.isFinite(this.#confirmedAt) ? this.#leftMs : CALL_MS;
    return { signal, timeoutMs: Math.min(CALL_MS, Math.max(LEAST_CALL_MS, leftMs)) };
  }
}

/** Waits for the work of a leader; from the end of its term on, for as long as it may take to end. */
async function withinGrace(work: Promise<void>, term: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let start = (): void => {};
  const overtime = new Promise<never>((_, reject) => {
    const error = new Error(`the work of the leader has not ended within ${GRACE_MS / 1000} s`);
    start = () => void (timer = setTimeout(() => reject(error), GRACE_MS));
  });
  if (term.aborted) start();
  else term.addEventListener('abort', start, { once: true });
  try {
    await Promise.race([work, overtime]);
  } finally {
    term.removeEventListener('abort', start);
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
