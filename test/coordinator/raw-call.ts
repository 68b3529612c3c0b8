import { request as requestPlain } from 'node:http';
import { request as requestOverTls } from 'node:https';

/** A call as it goes over the wire. */
export interface RawCall {
  method: string;
  path: string;
  /** The header; null: it carries none. */
  authorization: string | null;
  body: string | Buffer;
  /** Certificate of the authority, for a server that speaks TLS: each call has a connection of its own then. */
  ca?: string | Buffer;
}

/** What the server answers; a body that is no JSON is an error. */
export function send(
  base: string,
  { method, path, authorization, body, ca }: RawCall,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = authorization === null ? {} : { authorization };
  const options = { method, headers };
  return new Promise((resolve, reject) => {
    const outgoing =
      ca === undefined
        ? requestPlain(base + path, options)
        : requestOverTls(base + path, { ...options, ca, agent: false });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const json = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, json });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
