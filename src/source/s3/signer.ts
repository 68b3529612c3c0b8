import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3Credentials } from './credentials.ts';
import type { Location } from './location.ts';

/** Headers that make a call one of these credentials. */
export type Sign = (
  path: string,
  query: Record<string, string>,
  headers: Record<string, string>,
) => Promise<Record<string, string>>;

/** Signs calls of GET. The path is signed as it is sent, for in names of objects `..` and `//` are ordinary characters. */
export function signerFor(location: Location, credentials: () => Promise<S3Credentials>): Sign {
  const { protocol, hostname, port } = new URL(location.origin);
  const signer = new SignatureV4({
    service: 's3',
    region: location.region,
    credentials: async () => {
      const { sessionToken, ...keys } = await credentials();
      return sessionToken === null ? keys : { ...keys, sessionToken };
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
  return async (path, query, headers) => {
    const place = { protocol, hostname, ...(port === '' ? {} : { port: Number(port) }), path, query };
    const signed = await signer.sign({
      method: 'GET',
      ...place,
      headers: { ...headers, host: location.host },
    });
    return signed.headers;
  };
}

/** A hash or an HMAC that is being made. */
type Hashing = ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

/** SHA-256 and HMAC, as the signer asks for them. */
export class Sha256 {
  readonly #secret: Uint8Array | string | null;
  #hash: Hashing;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? null : typeof secret === 'string' ? secret : bytesOf(secret);
    this.#hash = this.#begun();
  }

  reset(): void {
    this.#hash = this.#begun();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    if (typeof data === 'string') this.#hash.update(data, 'utf8');
    else this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  #begun(): Hashing {
    return this.#secret === null ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
