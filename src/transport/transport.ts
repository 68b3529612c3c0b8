import type { TopicBlock } from '../metrics/topic-counts.ts';
import type { AllowedHosts } from '../target/allowed-hosts.ts';

/**
 * How a lane sends. A lane has a fixed number of slots; each holds at most one hit in flight, and a transport
 * keeps whatever it needs for a slot (a handler, a connection) at the slot's index and uses it again.
 * The lane bounds what is in flight, measures time and enforces the timeout, so a transport does none of that,
 * never queues and never retries.
 */
export interface Transport<T> {
  /**
   * Starts to send `target` in the free slot `slot`. Never throws, and never reports before it has returned.
   * The slot is taken until `report` was called for it or `abort` has returned.
   */
  send(slot: number, target: T): void;
  /** Gives the hit in `slot` up at once (for HTTP/1 that destroys the connection). No report follows. */
  abort(slot: number): void;
  /** Closes all connections; slots still taken are aborted. Resolves when nothing is left open. */
  close(): Promise<void>;
}

/**
 * What became of the hit in a slot, told exactly once for each `send` that was not aborted.
 *
 * @param slot the slot that is free again
 * @param outcome a code of `metrics/outcome.ts`: `SUCCEEDED`, an HTTP status, or a named class of failure
 * @param status the protocol's own status (HTTP status 100–599), 0 where none came
 * @param bytesOut size of the body sent, in bytes
 * @param bytesIn size of the body received, in bytes
 * @param error the failure in words, empty for a success
 */
export type Report = (
  slot: number,
  outcome: number,
  status: number,
  bytesOut: number,
  bytesIn: number,
  error: string,
) => void;

/**
 * Makes a transport for one lane.
 * @param slots how many hits may be in flight at once
 * @param hosts those that it may connect to where an answer leads on to another; default: any
 */
export type TransportFactory<T, Options> = (
  options: Options,
  slots: number,
  report: Report,
  hosts?: AllowedHosts,
) => Transport<T>;

/** The same for messages. @param topics where they are counted by topic */
export type MessageTransportFactory<T, Options> = (
  options: Options,
  slots: number,
  report: Report,
  topics: TopicBlock,
  hosts?: AllowedHosts,
) => Transport<T>;

/** Options of the HTTP transport, parsed from `spec.http` with its defaults filled in. */
export interface HttpOptions {
  /** Total time of one request, from send to the last byte of the answer, in ms. Enforced by the lane. */
  timeoutMs: number;
  /** The most connections of one lane, over all origins. Equals the lane's slots. */
  connections: number;
  /** Statuses that are a success, as inclusive ranges. */
  success: [from: number, to: number][];
  /** How many redirects are followed; 0: none, and a redirect is a failure under its own status. */
  redirects: number;
  /** false: each request on a connection of its own. */
  keepAlive: boolean;
  tls: TlsOptions;
}

/** How the other side's certificate is judged. */
export interface TlsOptions {
  /** PEM text of the authorities to trust instead of the machine's own. */
  ca: string | null;
  /** Name to verify and to send as SNI instead of the host that is connected to. */
  serverName: string | null;
  /** true: any certificate is accepted. */
  insecure: boolean;
}
