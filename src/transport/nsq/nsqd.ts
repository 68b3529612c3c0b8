import { failureCode, SUCCEEDED } from '../../metrics/outcome.ts';
import { type Address, parseAddress } from '../../target/address.ts';
import type { NsqTarget } from '../../target/target.ts';
import { Backoff } from '../messages/backoff.ts';
import { Batch } from '../messages/batch.ts';
import { Failure } from '../messages/failure.ts';
import type { MessageOwner } from '../messages/message-slots.ts';
import { failureOf } from './failure.ts';
import { NsqdConnection, type NsqdConnectionOptions, type NsqdConnectionOwner } from './nsqd-connection.ts';
import { command, mpub } from './wire.ts';

/** How long a connection may take to be made, in ms; less where messages have less time. */
const OPEN_MS = 3000;
/** Commands that nsqd is asked at once: what more there is waits in batches, where it can be given up. */
const MOST_COMMANDS = 64;
/** After as long a silence, although nsqd is to send a heartbeat every 10 s, it is out of reach, in ms. */
const SILENCE_MS = 35_000;

const STALLED = failureCode('stalled');
const CLOSED = failureCode('closed');

/** Messages that go out as one command. */
class CommandBatch extends Batch<NsqTarget> {
  readonly topic: string;
  /** 0 for all but a single message that is to be delivered later. */
  readonly deferMs: number;
  /** When it was written, clock time in ms. */
  writtenAt = Number.POSITIVE_INFINITY;

  constructor({ topic, deferMs }: NsqTarget) {
    super();
    this.topic = topic;
    this.deferMs = deferMs;
  }

  /** @throws never: what nsqd would refuse is refused where targets are read */
  encode(): Buffer {
    const values = this.targets.flatMap((target) => target?.value ?? []);
    const [first] = values;
    if (this.deferMs > 0) return command(`DPUB ${this.topic} ${this.deferMs}`, first!);
    return values.length === 1 ? command(`PUB ${this.topic}`, first!) : mpub(this.topic, values);
  }
}

/**
 * One nsqd: gathers messages into batches of one topic each, for at most the linger, and sends each as one command. It
 * answers them in their order. At most `MOST_COMMANDS` are on their way; meanwhile batches grow.
 *
 * It is connected to when there is a message, and again after a failure: as often as messages come, but for a pause that
 * grows up to a second, in which they fail at once.
 */
export class Nsqd implements NsqdConnectionOwner {
  readonly #address: Address;
  readonly #options: NsqdConnectionOptions;
  readonly #owner: MessageOwner;
  #connection: NsqdConnection | null = null;
  #opening = false;
  readonly #backoff = new Backoff();
  /** Why it could not be connected to last. */
  #failure: Failure | null = null;
  /** By topic, those that take messages. */
  readonly #open = new Map<string, CommandBatch>();
  #ready: CommandBatch[] = [];
  /** Those that were written, the oldest first, from `#answered` on. */
  #written: CommandBatch[] = [];
  #answered = 0;
  #isFull = false;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  /** @param addr its address */
  constructor(addr: string, options: NsqdConnectionOptions, owner: MessageOwner) {
    this.#address = parseAddress(addr)!;
    this.#options = options;
    this.#owner = owner;
  }

  send(slot: number, target: NsqTarget): void {
    this.#add(slot, target, Date.now());
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.#open.size === 0 && this.#ready.length === 0;
  }

  /** Gives the connection up when nothing is heard on it any more. @param now clock time in ms */
  look(now: number): void {
    if (this.#connection === null) return;
    const waitsSince = this.#written[this.#answered]?.writtenAt ?? Number.POSITIVE_INFINITY;
    const { heardAt } = this.#connection;
    const mostMs = this.#options.nsq.timeoutMs + 1000;
    if (now - Math.max(waitsSince, heardAt) > mostMs || now - heardAt > SILENCE_MS) {
      this.#connection.destroy(
        new Failure(STALLED, `nsqd has said nothing for ${Math.round(now - heardAt)} ms`),
      );
    }
  }

  destroy(): void {
    clearTimeout(this.#timer ?? undefined);
    clearImmediate(this.#immediate ?? undefined);
    this.#connection?.destroy(new Failure(CLOSED, 'it is of no use any more'));
  }

  // --- NsqdConnectionOwner ---

  onAnswer(failure: Failure | null): void {
    const batch = this.#written[this.#answered];
    // An answer to no command: the end of the connection follows.
    if (batch === undefined) return;
    this.#answered++;
    if (this.#answered >= MOST_COMMANDS) {
      this.#written.splice(0, this.#answered);
      this.#answered = 0;
    }
    this.#owner.settled(batch, failure?.outcome ?? SUCCEEDED, failure?.message ?? '');
    if (failure === null) return this.#flush();
    // nsqd reads nothing after an error: it closes the connection, and so what was written behind it is lost.
    this.#connection?.destroy(new Failure(CLOSED, `nsqd closes the connection after ${failure.message}`));
  }

  onDrain(): void {
    this.#isFull = false;
    this.#flush();
  }

  onClosed(failure: Failure): void {
    this.#connection = null;
    this.#isFull = false;
    const lost = this.#written.slice(this.#answered);
    this.#written = [];
    this.#answered = 0;
    for (const batch of lost) this.#owner.settled(batch, failure.outcome, failure.message);
    this.#addAgain(this.#takeUnsent());
  }

  // --- batches ---

  #add(slot: number, target: NsqTarget, time: number): void {
    if (this.#connection === null && !this.#opening) {
      if (this.#failure !== null && this.#backoff.holds(performance.now())) {
        return this.#owner.refused(slot, this.#failure);
      }
      void this.#connect();
    }
    const { batchMessages, batchBytes } = this.#options.nsq;
    const { topic, value, deferMs } = target;
    // One at a time is all that can be deferred, and a large one must not take others with it.
    if (deferMs > 0 || value.length >= batchBytes) return this.#addAlone(slot, target, time);
    let batch = this.#open.get(topic);
    if (batch !== undefined && batch.bytes + value.length > batchBytes) {
      this.#close(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = new CommandBatch(target);
      this.#open.set(topic, batch);
      if (this.#timer === null && this.#immediate === null) this.#arm();
    }
    this.#owner.placed(slot, batch, batch.add(slot, target, time));
    if (batch.slots.length >= batchMessages) this.#close(batch);
  }

  #addAlone(slot: number, target: NsqTarget, time: number): void {
    const batch = new CommandBatch(target);
    this.#owner.placed(slot, batch, batch.add(slot, target, time));
    this.#ready.push(batch);
    this.#drain();
  }

  #arm(): void {
    const { lingerMs } = this.#options.nsq;
    if (lingerMs === 0) this.#immediate = setImmediate(this.#lingered);
    else this.#timer = setTimeout(this.#lingered, lingerMs);
  }

  readonly #lingered = (): void => {
    this.#timer = null;
    this.#immediate = null;
    this.#flush();
  };

  /** Sends what is ready, then what has lingered; while nothing can go out, batches rather grow. */
  #flush(): void {
    this.#drain();
    if (this.#timer !== null || this.#immediate !== null || !this.#canWrite) return;
    this.#ready.push(...this.#open.values());
    this.#open.clear();
    this.#drain();
  }

  #close(batch: CommandBatch): void {
    this.#open.delete(batch.topic);
    this.#ready.push(batch);
    this.#drain();
  }

  get #waiting(): number {
    return this.#written.length - this.#answered;
  }

  get #canWrite(): boolean {
    return this.#connection !== null && !this.#isFull && this.#waiting < MOST_COMMANDS;
  }

  #drain(): void {
    let next = 0;
    while (next < this.#ready.length && this.#canWrite) {
      const batch = this.#ready[next++]!;
      if (batch.live === 0) continue;
      const bytes = batch.encode();
      batch.markSent();
      batch.writtenAt = performance.now();
      this.#written.push(batch);
      this.#isFull = !this.#connection!.write(bytes);
    }
    if (next > 0) this.#ready.splice(0, next);
  }

  #takeUnsent(): CommandBatch[] {
    const unsent = [...this.#ready, ...this.#open.values()];
    this.#ready = [];
    this.#open.clear();
    return unsent;
  }

  /** Messages that were not sent yet go out over the next connection, if there is one. */
  #addAgain(unsent: readonly CommandBatch[]): void {
    for (const { slots, targets, times } of unsent) {
      slots.forEach((slot, index) => {
        const target = targets[index];
        if (target) this.#add(slot, target, times[index]!);
      });
    }
  }

  async #connect(): Promise<void> {
    this.#opening = true;
    const deadlineMs = Math.min(OPEN_MS, Math.max(100, this.#options.nsq.timeoutMs));
    try {
      const connection = await NsqdConnection.open(this.#address, this.#options, deadlineMs);
      this.#opening = false;
      this.#connection = connection;
      this.#failure = null;
      this.#backoff.succeeded();
      connection.own(this);
      this.#flush();
    } catch (error) {
      const failure = failureOf(error);
      this.#opening = false;
      this.#failure = failure;
      this.#backoff.failed(performance.now());
      for (const batch of this.#takeUnsent()) this.#owner.settled(batch, failure.outcome, failure.message);
    }
  }
}
