import { createServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent, request as call } from 'undici';
import type { S3Spec } from '../../../src/api/run-spec.ts';
import { encoded, locationOf } from '../../../src/source/s3/location.ts';
import { Sha256 } from '../../../src/source/s3/signer.ts';
import type { Surroundings } from '../../../src/source/surroundings.ts';
import type { Server } from '../../services/servers.ts';
import { surroundings } from '../surroundings.ts';

/** A bucket of a real store, filled by the test. */
export class Store {
  readonly endpoint: string;
  readonly bucket: string;
  readonly keys: { accessKeyId: string; secretAccessKey: string };
  readonly #signer: SignatureV4;
  readonly #agent = new Agent();

  constructor(at: Server['at'], bucket: string = at['S3_BUCKET']!) {
    this.endpoint = at['S3_ENDPOINT']!;
    this.bucket = bucket;
    this.keys = { accessKeyId: at['S3_ACCESS_KEY_ID']!, secretAccessKey: at['S3_SECRET_ACCESS_KEY']! };
    this.#signer = new SignatureV4({
      service: 's3',
      region: at['S3_REGION']!,
      credentials: this.keys,
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  /** The source of a test that means this bucket. */
  spec(differences: Partial<S3Spec> = {}): S3Spec {
    const { bucket, endpoint } = this;
    return { bucket, prefix: '', region: null, endpoint, pathStyle: true, secret: 'keys', ...differences };
  }

  /** With the Secret that `spec` names. */
  around(keys: Record<string, string> = this.keys): Surroundings {
    return surroundings({ secrets: { keys } });
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    await this.#call('PUT', key, body);
  }

  async putAll(objects: Record<string, string>): Promise<void> {
    const entries = Object.entries(objects);
    const worker = async (): Promise<void> => {
      for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) await this.put(...entry);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  }

  async delete(key: string): Promise<void> {
    await this.#call('DELETE', key, '');
  }

  /** Makes the bucket. */
  async make(): Promise<this> {
    await this.#call('PUT', null, '');
    return this;
  }

  async remove(): Promise<void> {
    await this.#call('DELETE', null, '');
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(method: string, key: string | null, body: string | Buffer): Promise<void> {
    const { basePath, origin, host } = locationOf(this.spec(), {});
    const path = key === null ? basePath.slice(0, -1) : basePath + key.split('/').map(encoded).join('/');
    const { hostname, port, protocol } = new URL(origin);
    const headers = { host, 'content-length': String(Buffer.byteLength(body)) };
    const place = { method, protocol, hostname, port: Number(port), path, query: {} };
    const signed = await this.#signer.sign({ ...place, headers, body: body.length === 0 ? undefined : body });
    const answer = await call(origin + path, {
      method: method as 'PUT',
      headers: signed.headers,
      body,
      dispatcher: this.#agent,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  }
}

/** What a proxy does with a call instead of passing it on. */
export type Meddle = (
  call: { method: string; url: string },
  incoming: IncomingMessage,
) => undefined | Promise<undefined> | Interference | Promise<Interference>;
export type Interference =
  | { status: number; body: string; headers?: Record<string, string> }
  | { cutAfter: number }
  | 'hang';

/** Stands before a store, notes each call, and can meddle with answers. The host that was signed is passed on. */
export class RecordingProxy {
  /** `GET list`, `GET key`, as they came. */
  readonly calls: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  meddle: Meddle = () => undefined;
  #server: HttpServer | null = null;
  readonly #upstream: URL;

  constructor(upstream: string) {
    this.#upstream = new URL(upstream);
  }

  /** @returns its own endpoint */
  async listen(): Promise<string> {
    this.#server = createServer((incoming, outgoing) => {
      const url = incoming.url!;
      const { pathname, searchParams } = new URL(url, 'http://h');
      const what = searchParams.has('list-type') ? 'list' : decodeURIComponent(pathname).split('/').slice(2);
      this.calls.push(`${incoming.method} ${typeof what === 'string' ? what : what.join('/')}`);
      this.headers.push(incoming.headers);
      void (async () => {
        const wish = await this.meddle({ method: incoming.method!, url }, incoming);
        if (wish === 'hang') return;
        if (wish !== undefined && 'status' in wish) {
          outgoing.writeHead(wish.status, { 'content-type': 'application/xml', ...wish.headers });
          outgoing.end(wish.body);
          return;
        }
        const { hostname, port } = this.#upstream;
        const { method, headers } = incoming;
        const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode!, answer.headers);
          if (wish === undefined) {
            answer.pipe(outgoing);
            return;
          }
          answer.once('data', (chunk: Buffer) => {
            outgoing.write(chunk.subarray(0, wish.cutAfter), () => outgoing.destroy());
          });
        });
        passed.on('error', () => outgoing.destroy());
        incoming.pipe(passed);
      })();
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The calls since the last time. */
  take(): string[] {
    return this.calls.splice(0).sort();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server!.close(() => resolve());
      this.#server!.closeAllConnections();
    });
  }
}
