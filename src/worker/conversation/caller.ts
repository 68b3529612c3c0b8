import http from 'node:http';
import https from 'node:https';
import type { LookUpCredentials } from './credentials.ts';

/** The longest answer that is read, in bytes: 5 MiB of templates, however many of their characters JSON escapes. */
const LONGEST_ANSWER = 64 * 1024 * 1024;
/** How much of a refusal's text is repeated. */
const MOST_WORDS = 500;

/** The coordinator answered, but not with what it was asked for. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly status: number;

  constructor(status: number, text: string) {
    super(`the coordinator answered ${status}: ${text.slice(0, MOST_WORDS)}`);
    this.status = status;
  }
}

/**
 * Calls in JSON over connections that stay open. After one that has failed in any way, those that come are made on fresh
 * connections: what is at the other end may not be the coordinator any more, or may be dead without having said so.
 */
export class Caller {
  readonly #base: URL;
  readonly #credentials: LookUpCredentials;
  #connections: Connections | null = null;

  constructor(base: string, credentials: LookUpCredentials) {
    this.#base = new URL(base);
    this.#credentials = credentials;
  }

  /**
   * @param body sent as JSON; left out: the call is a GET
   * @throws RefusalError for another status than 200; Error when there is no whole answer in time
   */
  async call(path: string, timeoutMs: number, body?: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { token, ca } = await this.#credentials();
    const connections = this.#connectionsFor(ca);
    connections.calls++;
    try {
      const { status, text } = await this.#exchange(path, connections.agent, token, signal, body);
      if (status !== 200) throw new RefusalError(status, text);
      return JSON.parse(text);
    } catch (error) {
      // What was asked for is not there: that is no failure of the connection.
      if (!(error instanceof RefusalError && error.status === 404)) this.#retire(connections);
      if (!signal.aborted || error instanceof RefusalError) throw error;
      throw new Error(`the coordinator gave no answer within ${timeoutMs / 1000} s`, { cause: error });
    } finally {
      connections.calls--;
      if (connections !== this.#connections) connections.closeWhenIdle();
    }
  }

  close(): void {
    if (this.#connections !== null) this.#retire(this.#connections);
  }

  #connectionsFor(ca: string | null): Connections {
    if (this.#connections !== null && this.#connections.ca !== ca) this.#retire(this.#connections);
    this.#connections ??= new Connections(this.#base.protocol === 'https:', ca);
    return this.#connections;
  }

  #retire(connections: Connections): void {
    if (this.#connections === connections) this.#connections = null;
    connections.closeWhenIdle();
  }

  #exchange(
    path: string,
    agent: http.Agent,
    token: string,
    signal: AbortSignal,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const text = body === undefined ? null : JSON.stringify(body);
    const headers: http.OutgoingHttpHeaders = { authorization: `Bearer ${token}` };
    if (text !== null) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    const { request } = this.#base.protocol === 'https:' ? https : http;
    const call = request(new URL(path, this.#base), {
      agent,
      signal,
      headers,
      method: text === null ? 'GET' : 'POST',
    });
    call.on('error', reject);
    call.on('response', (response) => {
      read(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    call.end(text ?? undefined);
    return promise;
  }
}

/** Connections to one coordinator, as long as nothing has failed on them. */
class Connections {
  readonly ca: string | null;
  readonly agent: http.Agent;
  /** Calls under way. */
  calls = 0;

  constructor(secure: boolean, ca: string | null) {
    this.ca = ca;
    const options = { keepAlive: true, maxFreeSockets: 4 };
    this.agent = secure
      ? new https.Agent(ca === null ? options : { ...options, ca })
      : new http.Agent(options);
  }

  closeWhenIdle(): void {
    if (this.calls === 0) this.agent.destroy();
  }
}

async function read(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_ANSWER)
      throw new Error(`the coordinator's answer has more than ${LONGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
