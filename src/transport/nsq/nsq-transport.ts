import type net from 'node:net';
import type { TopicBlock } from '../../metrics/topic-counts.ts';
import type { NsqTarget } from '../../target/target.ts';
import { MessageSlots } from '../messages/message-slots.ts';
import { closeAll } from '../messages/sockets.ts';
import type { NsqOptions } from '../protocol.ts';
import { secureContext } from '../tls-context.ts';
import type { MessageTransportFactory, Report, Transport } from '../transport.ts';
import { Nsqd } from './nsqd.ts';
import type { NsqdConnectionOptions } from './nsqd-connection.ts';

/** How often to look for connections on which nothing is heard any more, in ms. */
const LOOK_MS = 500;
/** More than a test has; those of no use at the moment are closed beyond them. */
const MOST_NSQDS = 256;

/**
 * Messages to NSQ. @throws Error when `options.tls.ca` is no PEM text
 *
 * A hit is one message, sent once, to the nsqd that it names. It enters the batch of its topic at once, and goes out with
 * it: after the linger, or when the batch is full. It has succeeded when nsqd has answered OK. What does not go out, because
 * nsqd is slow or gone, stays where the lane can give it up; so the slots bound all memory.
 */
export const createNsqTransport: MessageTransportFactory<NsqTarget, NsqOptions> = (
  options,
  slots,
  report,
  topics,
) => new NsqTransport(options, slots, report, topics);

class NsqTransport implements Transport<NsqTarget> {
  readonly #slots: MessageSlots;
  readonly #connections: NsqdConnectionOptions;
  readonly #nsqds = new Map<string, Nsqd>();
  readonly #watch: NodeJS.Timeout;

  constructor(options: NsqOptions, slots: number, report: Report, topics: TopicBlock) {
    if (options.auth?.value === null)
      throw new Error(`nsq.auth: Secret ${options.auth.secret.name} was not read`);
    this.#slots = new MessageSlots(slots, report, topics);
    this.#connections = {
      nsq: options,
      secureContext: options.tls === null ? null : secureContext(options.tls.ca, 'nsq.tls.ca'),
      sockets: new Set<net.Socket>(),
    };
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    this.#watch.unref();
  }

  send(slot: number, target: NsqTarget): void {
    this.#slots.begin(slot, target);
    (this.#nsqds.get(target.addr) ?? this.#add(target.addr)).send(slot, target);
  }

  abort(slot: number): void {
    this.#slots.abort(slot);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#slots.close();
    for (const nsqd of this.#nsqds.values()) nsqd.destroy();
    await closeAll(this.#connections.sockets);
  }

  #add(addr: string): Nsqd {
    if (this.#nsqds.size >= MOST_NSQDS) this.#closeIdle();
    const nsqd = new Nsqd(addr, this.#connections, this.#slots);
    this.#nsqds.set(addr, nsqd);
    return nsqd;
  }

  #look(): void {
    const now = performance.now();
    for (const nsqd of this.#nsqds.values()) nsqd.look(now);
  }

  #closeIdle(): void {
    for (const [addr, nsqd] of this.#nsqds) {
      if (!nsqd.isIdle) continue;
      nsqd.destroy();
      this.#nsqds.delete(addr);
    }
  }
}
