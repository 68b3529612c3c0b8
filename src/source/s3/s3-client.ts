import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { withDeadline } from '../../time/deadline.ts';
import { shown } from '../../units/shown.ts';
import { MovedError, SourceError } from '../source-error.ts';
import type { S3Credentials } from './credentials.ts';
import { readListPage, type S3Object } from './list-xml.ts';
import { encoded, type Location } from './location.ts';
import { brokenCallError, type Call, PassingError, refusalError } from './s3-error.ts';
import { type Sign, signerFor } from './signer.ts';

export interface S3ClientOptions {
  location: Location;
  credentials: () => Promise<S3Credentials>;
  /** How messages speak of the credentials. */
  origin: string;
  timing?: Partial<S3Timing>;
}

/** How a client spends time, in ms. */
export interface S3Timing {
  connectMs: number;
  /** Until an answer begins, and between two parts of its body. */
  silenceMs: number;
  /** For a listing's page or an object held in memory, as a whole. */
  callMs: number;
  /** For an object written to disk, as a whole. */
  downloadMs: number;
  /** Before the second try, and twice that before the third, give or take a half. */
  backOffMs: number;
}

const TIMING: S3Timing = {
  connectMs: 3000,
  silenceMs: 5000,
  callMs: 10_000,
  downloadMs: 600_000,
  backOffMs: 200,
};

const TRIES = 3;
const CONNECTIONS = 8;
const PAGE = 1000;
/** The largest page or refusal that is read, in bytes: a page is about 0.5 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

type Query = Record<string, string>;
type Answer = Dispatcher.ResponseData<null>;

/**
 * Lists and reads the objects of one bucket. Each call has a deadline and is tried three times where what went wrong may
 * pass. All methods throw SourceError in words, MovedError where an object is not the one that was listed.
 */
export class S3Client {
  readonly #location: Location;
  readonly #origin: string;
  readonly #timing: S3Timing;
  readonly #sign: Sign;
  readonly #agent: Agent;

  constructor({ location, credentials, origin, timing }: S3ClientOptions) {
    this.#location = location;
    this.#origin = origin;
    this.#timing = { ...TIMING, ...timing };
    this.#sign = signerFor(location, credentials);
    this.#agent = new Agent({
      connections: CONNECTIONS,
      connect: { timeout: this.#timing.connectMs },
      headersTimeout: this.#timing.silenceMs,
      bodyTimeout: this.#timing.silenceMs,
      allowH2: false,
    });
  }

  /** The objects whose names begin with `prefix`, in order of name: one call for each 1,000; at most `most` and a few more. */
  async list(prefix: string, most: number, signal: AbortSignal): Promise<S3Object[]> {
    const objects: S3Object[] = [];
    let next: string | null = null;
    do {
      const query: Query = { 'list-type': '2', 'encoding-type': 'url', 'max-keys': String(PAGE), prefix };
      if (next !== null) query['continuation-token'] = next;
      const page = await this.#call(null, query, {}, signal, async (answer) => {
        const found = readListPage((await bytesOf(answer, MAX_ANSWER_BYTES)).toString('utf8'));
        if (found !== null) return found;
        throw new SourceError(`${this.#location.host} does not answer as an S3 service: check endpoint`);
      });
      objects.push(...page.objects);
      next = page.next;
    } while (next !== null && objects.length <= most);
    return objects;
  }

  /** The bytes of an object as it was listed. */
  read(object: S3Object, signal: AbortSignal): Promise<Buffer> {
    return this.#object(object, this.#timing.callMs, signal, async (answer) => {
      const bytes = await bytesOf(answer, object.size);
      if (bytes.length !== object.size) throw moved(object);
      return bytes;
    });
  }

  /** Writes an object as it was listed to a file that is not there yet; a part of it is not left behind. */
  download(object: S3Object, path: string, signal: AbortSignal): Promise<void> {
    return this.#object(object, this.#timing.downloadMs, signal, async (answer, within) => {
      try {
        const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
        await pipeline(Readable.from(bounded(answer, object.size)), file, { signal: within });
        if (file.bytesWritten !== object.size) throw moved(object);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    });
  }

  close(): void {
    void this.#agent.destroy();
  }

  #object<T>(
    object: S3Object,
    limitMs: number,
    signal: AbortSignal,
    take: (answer: Answer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const only = { 'if-match': object.etag };
    const checked = (answer: Answer, within: AbortSignal): Promise<T> => {
      const { etag } = answer.headers;
      // A store that knows no conditions answers with whatever it has.
      if (etag !== undefined && etag !== object.etag) throw moved(object);
      return take(answer, within);
    };
    return this.#call(object.key, {}, only, signal, checked, limitMs);
  }

  /** @param key null: the bucket itself is asked */
  async #call<T>(
    key: string | null,
    query: Query,
    headers: Record<string, string>,
    signal: AbortSignal,
    take: (answer: Answer, signal: AbortSignal) => Promise<T>,
    limitMs: number = this.#timing.callMs,
  ): Promise<T> {
    const call: Call = { location: this.#location, key, origin: this.#origin };
    for (let attempt = 1; ; attempt++) {
      try {
        return await withDeadline(limitMs, signal, (within) => this.#try(call, query, headers, within, take));
      } catch (error) {
        signal.throwIfAborted();
        const said = brokenCallError(error, call);
        if (!(said instanceof PassingError) || attempt === TRIES) throw said;
      }
      const waitMs = this.#timing.backOffMs * 2 ** (attempt - 1) * (0.5 + Math.random());
      await pause(waitMs, undefined, { signal });
    }
  }

  async #try<T>(
    call: Call,
    query: Query,
    headers: Record<string, string>,
    signal: AbortSignal,
    take: (answer: Answer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { basePath, origin } = this.#location;
    const path = basePath + (call.key === null ? '' : call.key.split('/').map(encoded).join('/'));
    const signed = await this.#sign(path, query, headers);
    const search = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
    const answer = await this.#agent.request({
      origin,
      path: search.length === 0 ? path : `${path}?${search.join('&')}`,
      method: 'GET',
      headers: signed,
      signal,
    });
    // Whoever reads the body hears of it too; where nobody does, there is nothing to say.
    answer.body.on('error', () => {});
    try {
      if (answer.statusCode === 200) return await take(answer, signal);
      const body = (await bytesOf(answer, MAX_ANSWER_BYTES)).toString('utf8');
      const { statusCode: status, headers } = answer;
      throw refusalError({ status, headers, body }, call, Date.now());
    } finally {
      answer.body.destroy();
    }
  }
}

async function bytesOf(answer: Answer, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bounded(answer, most)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* bounded(answer: Answer, most: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new MovedError(`an answer is larger than the ${most} bytes that were to be read`);
    yield chunk;
  }
}

function moved({ key }: S3Object): MovedError {
  return new MovedError(`object ${shown(key)} was changed while it was being read`);
}
