import { type Address, parseAddress } from '../../target/address.ts';
import { Backoff } from '../messages/backoff.ts';
import type { Failure } from '../messages/failure.ts';
import { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts';
import { failureOf } from './failure.ts';

/** How long a connection may take to be made, in ms; less where messages have less time, but not less than the next. */
const OPEN_MS = 3000;
const LEAST_OPEN_MS = 100;
/** How long an answer may take, in ms, where messages have even more time. */
const LONGEST_ASK_MS = 30_000;

/** The way into a cluster: one connection, to whichever of its bootstrap addresses takes it, for questions. */
export class Bootstrap {
  /** The time that a connection may take, in ms. */
  readonly openMs: number;
  /** The time that a question may take, in ms: it may stand behind messages on its connection. */
  readonly askMs: number;
  readonly #addresses: Address[];
  readonly #options: BrokerConnectionOptions;
  #connection: BrokerConnection | null = null;
  /** Index of the address that is tried next: one that failed goes to the end. */
  #next = 0;
  #connecting: Promise<BrokerConnection> | null = null;
  readonly #backoff = new Backoff();
  /** Why no address could be connected to last. */
  #failure: Failure | null = null;

  /** @param addr addresses joined by commas */
  constructor(addr: string, options: BrokerConnectionOptions) {
    const { timeoutMs } = options.kafka;
    this.openMs = Math.min(OPEN_MS, Math.max(LEAST_OPEN_MS, timeoutMs));
    this.askMs = Math.min(LONGEST_ASK_MS, Math.max(OPEN_MS, timeoutMs));
    this.#addresses = addr.split(',').map((address) => parseAddress(address)!);
    this.#options = options;
  }

  /** Why it is too early to try again, null: it is not. @param now clock time in ms */
  refusal(now: number): Failure | null {
    return this.#backoff.holds(now) ? this.#failure : null;
  }

  /** The one that is open, or a new one. @throws Failure when no address can be connected to */
  async connection(): Promise<BrokerConnection> {
    if (this.#connection?.isOpen) return this.#connection;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  /** @throws Failure */
  open(address: Address): Promise<BrokerConnection> {
    return BrokerConnection.open(address, this.#options, this.openMs);
  }

  destroy(failure: Failure): void {
    this.#connection?.destroy(failure);
  }

  /** Tries each address once, as long as there is time. */
  async #connect(): Promise<BrokerConnection> {
    const until = performance.now() + this.openMs;
    let failure: Failure;
    let tries = 0;
    do {
      try {
        this.#connection = await this.open(this.#addresses[this.#next]!);
        this.#backoff.succeeded();
        return this.#connection;
      } catch (error) {
        failure = failureOf(error);
        this.#next = (this.#next + 1) % this.#addresses.length;
      }
    } while (++tries < this.#addresses.length && performance.now() < until);
    this.#failure = failure;
    this.#backoff.failed(performance.now());
    throw failure;
  }
}
