import net from 'node:net';
import { hostname } from 'node:os';
import tls from 'node:tls';
import { failureCode } from '../../metrics/outcome.ts';
import type { Address } from '../../target/address.ts';
import { Failure } from '../messages/failure.ts';
import type { NsqOptions } from '../protocol.ts';
import { failureOf, failureOfFrame } from './failure.ts';
import { command, ERROR, FrameReader, MAGIC, NOP, RESPONSE } from './wire.ts';

/** How often nsqd is to say that it is there, in ms; it closes a connection that does not answer that twice. */
const HEARTBEAT_MS = 10_000;

const CLOSED = failureCode('closed');
const CONNECT_TIMEOUT = failureCode('connect_timeout');
const TLS = failureCode('tls');
const AUTH = failureCode('auth');
const PROTOCOL = failureCode('protocol');

export interface NsqdConnectionOptions {
  nsq: NsqOptions;
  /** null: no TLS. */
  secureContext: tls.SecureContext | null;
  /** Sockets that are open. */
  sockets: Set<net.Socket>;
}

/** What its owner hears of it once it is open. */
export interface NsqdConnectionOwner {
  /** The next command in the order of sending has succeeded, or has not. */
  onAnswer(failure: Failure | null): void;
  /** There is room for more to be written. */
  onDrain(): void;
  /** Told once. */
  onClosed(failure: Failure): void;
}

/** As much as is used of nsqd's answer to IDENTIFY. */
interface Identity {
  tls_v1?: boolean;
  auth_required?: boolean;
}

/** One connection to an nsqd, ready for commands from `open` until it is closed, by either side. */
export class NsqdConnection {
  /** When something was last heard from the other side, clock time in ms. */
  heardAt: number = performance.now();
  readonly #address: Address;
  readonly #options: NsqdConnectionOptions;
  #owner: NsqdConnectionOwner | null = null;
  #socket: net.Socket;
  #frames = new FrameReader();
  #failure: Failure | null = null;
  /** Who waits for an answer while it is being opened. */
  #waiting: PromiseWithResolvers<string> | null = null;

  private constructor(address: Address, options: NsqdConnectionOptions) {
    this.#address = address;
    this.#options = options;
    this.#socket = net.connect(address);
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, 60_000);
    this.#listen();
  }

  /** Connects, and comes to terms with nsqd: TLS, login. @throws Failure */
  static async open(
    address: Address,
    options: NsqdConnectionOptions,
    deadlineMs: number,
  ): Promise<NsqdConnection> {
    const connection = new NsqdConnection(address, options);
    const late = new Failure(
      CONNECT_TIMEOUT,
      `${address.host}:${address.port} did not answer within ${deadlineMs} ms`,
    );
    const timer = setTimeout(() => connection.destroy(late), deadlineMs);
    try {
      await connection.#shakeHands();
      return connection;
    } catch (error) {
      const failure = connection.#failure ?? failureOf(error);
      connection.destroy(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes it over; from here on answers are the owner's. */
  own(owner: NsqdConnectionOwner): void {
    this.#owner = owner;
    if (this.#failure !== null) setImmediate(() => owner.onClosed(this.#failure!));
  }

  /** @returns whether more may be written now */
  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  /** Ends it at once; its owner hears of that before this returns. */
  destroy(failure: Failure): void {
    this.#end(failure);
    this.#socket.destroy(failure);
  }

  #end(failure: Failure): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#waiting?.reject(failure);
    this.#owner?.onClosed(failure);
  }

  async #shakeHands(): Promise<void> {
    const { nsq, secureContext } = this.#options;
    const wantsTls = secureContext !== null;
    const identify = {
      client_id: hostname().split('.')[0],
      hostname: hostname(),
      user_agent: 'taz',
      feature_negotiation: true,
      heartbeat_interval: HEARTBEAT_MS,
      tls_v1: wantsTls,
    };
    this.#socket.write(MAGIC);
    const answer = await this.#ask(command('IDENTIFY', Buffer.from(JSON.stringify(identify))));
    const identity = readIdentity(answer);
    if (wantsTls) {
      if (identity.tls_v1 !== true) throw new Failure(TLS, 'nsqd offers no TLS: leave nsq.tls out');
      await this.#startTls(secureContext);
    }
    if (nsq.auth !== null) await this.#ask(command('AUTH', Buffer.from(nsq.auth.value!)));
    else if (identity.auth_required === true)
      throw new Failure(AUTH, 'nsqd asks for a secret: give nsq.auth');
  }

  async #ask(bytes: Buffer): Promise<string> {
    const waiting = this.#wait();
    this.#socket.write(bytes);
    return waiting;
  }

  #wait(): Promise<string> {
    this.#waiting = Promise.withResolvers();
    if (this.#failure !== null) this.#waiting.reject(this.#failure);
    return this.#waiting.promise;
  }

  async #startTls(secureContext: tls.SecureContext): Promise<void> {
    const { host } = this.#address;
    const { nsq } = this.#options;
    const plain = this.#socket;
    plain.removeAllListeners('data');
    this.#options.sockets.delete(plain);
    this.#frames = new FrameReader();
    const answer = this.#wait();
    this.#socket = tls.connect({
      socket: plain,
      secureContext,
      servername: nsq.tls?.serverName ?? (net.isIP(host) === 0 ? host : ''),
      // Without a name to ask for, the certificate is checked against the address.
      host,
      rejectUnauthorized: nsq.tls?.insecure !== true,
    });
    this.#listen();
    await answer;
  }

  #listen(): void {
    const socket = this.#socket;
    const { sockets } = this.#options;
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      this.heardAt = performance.now();
      if (!this.#frames.read(chunk, this.#onFrame)) {
        this.destroy(new Failure(PROTOCOL, 'what came back is not of nsqd: check the port of addr'));
      }
    });
    socket.on('drain', () => this.#owner?.onDrain());
    socket.on('error', (error) => this.#end(failureOf(error)));
    socket.once('close', () => {
      sockets.delete(socket);
      if (socket !== this.#socket) return;
      const { host, port } = this.#address;
      this.#end(new Failure(CLOSED, `${host}:${port} closed the connection`));
    });
  }

  readonly #onFrame = (type: number, data: Buffer): void => {
    if (type === RESPONSE) {
      // The shortest is by far the most frequent.
      if (data.length === 11 && data.toString('latin1') === '_heartbeat_') this.#socket.write(NOP);
      else if (this.#owner !== null) this.#owner.onAnswer(null);
      else this.#waiting?.resolve(data.toString());
    } else if (type === ERROR) {
      const failure = failureOfFrame(data.toString());
      if (this.#owner !== null) this.#owner.onAnswer(failure);
      else this.#waiting?.reject(failure);
    }
  };
}

function readIdentity(answer: string): Identity {
  try {
    return JSON.parse(answer) as Identity;
  } catch {
    throw new Failure(PROTOCOL, 'nsqd is too old: it does not say what it can (0.2.20 or newer does)');
  }
}
