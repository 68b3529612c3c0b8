import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from '../attack/clock.ts';
import { DeadlineError, withDeadline } from '../time/deadline.ts';
import { type Access, type Credentials, CredentialsError, sameTransport } from './credentials.ts';
import { errorOfAnswer, KubeError } from './errors.ts';
import { Gate } from './gate.ts';
import { linesOf } from './lines.ts';

/** A call that has no answer by then has failed, in ms. */
const CALL_TIMEOUT_MS = 30_000;

/** The most calls at a time, watches apart: an API server gives one client its fair share, and queues are better here. */
const MOST_IN_FLIGHT = 32;

/** The largest answer that is read, in bytes. A page has at most 500 objects. */
const LARGEST_ANSWER = 256 * 1024 * 1024;

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With a `/` first. */
  path: string;
  /** What is absent is left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Default: `application/json`. */
  contentType?: string;
  /** Default: `application/json`. */
  accept?: string;
  /** How messages speak of the call, such as `get pods ingest/a`. */
  call: string;
  /** What it is counted as. */
  verb: string;
  resource: string;
  /** Default: 30 s. For a stream: for the whole of it. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** A call that has ended, for metrics. Watches count when they are open. */
export interface ApiCall {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `apply`, `delete`. */
  verb: string;
  /** The plural, such as `pods`. */
  resource: string;
  /** `ok`; else the HTTP status, or the kind of the error where there was no answer. */
  outcome: string;
  durationMs: number;
}

export interface ConnectionOptions {
  credentials: Credentials;
  clock: Clock;
  /** What the API server logs of the caller, such as `taz-controller/0.1.0`. */
  userAgent: string;
  /** Takes every call that ended. */
  observe?: (call: ApiCall) => void;
}

/**
 * The one way to the API server. All calls share its pool of connections, which is made anew when address, authority or
 * client certificate change, and after a call without an answer, whose connection may be dead without knowing.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #gate = new Gate(MOST_IN_FLIGHT);
  #pool: { access: Access; dispatcher: Dispatcher } | null = null;
  /** Pools that were replaced and still have a watch open. */
  readonly #old = new Set<Dispatcher>();
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The namespace that the credentials belong to. */
  get namespace(): string {
    return this.#options.credentials.namespace;
  }

  /**
   * Makes a call and reads the whole answer.
   * @returns what the JSON of the answer says
   * @throws KubeError; the signal's reason when that ended it
   */
  call(request: ApiRequest): Promise<unknown> {
    return this.#observed(request, () =>
      withDeadline(request.timeoutMs ?? CALL_TIMEOUT_MS, request.signal, (signal) =>
        this.#gate.through(signal, async () => {
          const response = await this.#send(request, signal);
          return jsonOf(request, await textOf(request, response.body));
        }),
      ),
    );
  }

  /**
   * Makes a call and gives its answer line by line, as it comes. The answer must be read to its end, or `return()` be
   * called, as `for await` does.
   * @throws KubeError before the first line or between lines; the signal's reason when that ended it
   */
  async *lines(request: ApiRequest): AsyncGenerator<string, void, undefined> {
    request.signal?.throwIfAborted();
    const end = new AbortController();
    const forward = (): void => end.abort(request.signal?.reason);
    const timeoutMs = request.timeoutMs ?? CALL_TIMEOUT_MS;
    const timer = setTimeout(() => end.abort(new DeadlineError(timeoutMs)), timeoutMs);
    request.signal?.addEventListener('abort', forward, { once: true });
    try {
      const { body } = await this.#observed(request, () => this.#send(request, end.signal));
      yield* linesOf(body);
    } catch (error) {
      throw this.#translated(request, error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', forward);
      end.abort();
    }
  }

  /** Ends all calls and connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#old, ...(this.#pool === null ? [] : [this.#pool.dispatcher])];
    this.#pool = null;
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  /** @returns an answer of success; once more with fresh credentials where the first are refused */
  async #send(request: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    let response = await this.#sendOnce(request, signal, false);
    if (response.statusCode === 401) {
      await response.body.dump();
      response = await this.#sendOnce(request, signal, true);
    }
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const { 'retry-after': retryAfter } = response.headers;
    const body = await textOf(request, response.body);
    throw errorOfAnswer(request.call, response.statusCode, body, retryAfter?.toString());
  }

  async #sendOnce(
    request: ApiRequest,
    signal: AbortSignal,
    refresh: boolean,
  ): Promise<Dispatcher.ResponseData> {
    const { credentials, userAgent } = this.#options;
    const access = await credentials.access(refresh);
    const { method, path, query = {}, body, contentType, accept } = request;
    const { origin, pathname } = new URL(access.server);
    return this.#dispatcher(access).request({
      origin,
      path: `${pathname.replace(/\/$/, '')}${path}${queryText(query)}`,
      method,
      headers: {
        ...access.headers,
        accept: accept ?? 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
  }

  #dispatcher(access: Access): Dispatcher {
    if (this.#closed) throw new KubeError('Unreachable', 'the connection to the API server is closed');
    if (this.#pool === null || !sameTransport(this.#pool.access, access)) {
      this.#retire();
      this.#pool = { access, dispatcher: dispatcherFor(access) };
    }
    return this.#pool.dispatcher;
  }

  /** Gives no more calls to the present pool; it closes when those that it has are over. */
  #retire(): void {
    if (this.#pool === null) return;
    const { dispatcher } = this.#pool;
    this.#pool = null;
    this.#old.add(dispatcher);
    const forget = (): void => void this.#old.delete(dispatcher);
    dispatcher.close().then(forget, forget);
  }

  async #observed<T>(request: ApiRequest, work: () => Promise<T>): Promise<T> {
    const { clock, observe } = this.#options;
    const startedAt = clock.now();
    const tell = (outcome: string): void =>
      observe?.({
        verb: request.verb,
        resource: request.resource,
        outcome,
        durationMs: clock.now() - startedAt,
      });
    try {
      const result = await work();
      tell('ok');
      return result;
    } catch (error) {
      const translated = this.#translated(request, error);
      if (translated instanceof KubeError) tell(String(translated.code ?? translated.kind));
      throw translated;
    }
  }

  /** What a caller is to see of an error; its own abort comes back as it is. */
  #translated({ call, signal }: ApiRequest, error: unknown): unknown {
    if (error instanceof KubeError || (signal?.aborted && error === signal.reason)) return error;
    if (error instanceof DeadlineError) {
      this.#retire();
      return new KubeError('Timeout', `${call}: ${error.message}`, { cause: error });
    }
    if (error instanceof CredentialsError) {
      return new KubeError('Unauthorized', `${call}: ${error.message}`, { cause: error });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    return new KubeError('Unreachable', `${call}: the API server cannot be reached: ${message}`, {
      reason: code ?? '',
      cause: error,
    });
  }
}

/** HTTP/1.1 with as many connections as there are calls: a watch holds one for minutes. */
function dispatcherFor({ tls, proxy }: Access): Dispatcher {
  const connect = {
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
    rejectUnauthorized: !tls.insecure,
  };
  const options = {
    allowH2: false,
    // An API server closes an idle connection after three minutes.
    keepAliveTimeout: 60_000,
    // Deadlines are ours.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const timeout = 10_000;
  return proxy === null
    ? new Agent({
        ...options,
        connect: { ...connect, timeout, keepAlive: true, keepAliveInitialDelay: 15_000 },
      })
    : new ProxyAgent({ ...options, uri: proxy, requestTls: { ...connect, timeout } });
}

function queryText(query: NonNullable<ApiRequest['query']>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

async function textOf({ call }: ApiRequest, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) {
      throw new KubeError('Other', `${call}: the answer has more than ${LARGEST_ANSWER} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf({ call }: ApiRequest, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KubeError('Other', `${call}: the answer is no JSON`, { cause: error });
  }
}
