import { shown } from '../units/shown.ts';
import { decodeBase64 } from './base64.ts';
import { isToken, readHeaders } from './http-headers.ts';
import { splitUrl } from './http-url.ts';
import { KnownHeads } from './known-heads.ts';
import { readObject } from './read-object.ts';
import type { HttpTarget, MarkedBodies } from './target.ts';
import { TargetError } from './target-error.ts';

/**
 * Reads one target in Vegeta's JSON format:
 *
 *     {"method": "POST", "url": "http://host:8080/v1/track", "header": {"Content-Type": ["application/json"]}, "body": "e30="}
 *
 * `method` and `url` must be there; `header` maps names to lists of values; `body` is base64, also with a GET. Unknown
 * keys are skipped, a null is as if the key were not there. A `Host` header takes the place of the URL's host.
 *
 * @throws TargetError that names the field, its value (shortened; never that of a header) and what would be right
 */
export function parseHttpTarget(json: string, bodies?: MarkedBodies): HttpTarget {
  const known = bodies === undefined ? undefined : knownHeads.find(json);
  const bytes = known === undefined ? null : bodies!.bytesOf(known.body);
  if (known === undefined || bytes === null) return parse(json, bodies);
  const { method, origin, path, headers } = known;
  return { method, origin, path, headers, body: bytes };
}

const knownHeads = new KnownHeads();

function parse(json: string, bodies: MarkedBodies | undefined): HttpTarget {
  const fields = readObject(json, '{"method": "GET", "url": "http://…"}');
  const method = fields.method;
  const url = fields.url;
  const body = fields.body;
  if (typeof method !== 'string' || method === '') throw notText('method', fields, '"GET" or "POST"');
  if (!isToken(method))
    throw new TargetError(`method ${shown(method)} is not one word: write one such as "GET" or "POST"`);
  if (method === 'CONNECT')
    throw new TargetError('method "CONNECT" opens a tunnel through a proxy and cannot be sent');
  if (typeof url !== 'string' || url === '') throw notText('url', fields, '"http://127.0.0.1:8080/path"');
  if (typeof body !== 'string' && body !== undefined && body !== null) {
    throw new TargetError(
      `body is no text but ${shown(JSON.stringify(body))}: write a string in base64, in a template with b64enc()`,
    );
  }
  const { origin, path } = splitUrl(url);
  const marked = body ? (bodies?.bytesOf(body) ?? null) : null;
  const bytes = marked ?? (body ? decodeBase64(body) : null);
  // Only line ends: no body.
  const sent = bytes !== null && bytes.length > 0 ? bytes : null;
  const headers = readHeaders(fields.header, sent?.length ?? 0);
  const target: HttpTarget = { method, origin, path, headers, body: sent };
  if (marked !== null) knownHeads.remember(json, target, body as string);
  return target;
}

function notText(field: 'method' | 'url', fields: Record<string, unknown>, example: string): TargetError {
  const value = fields[field];
  if (value !== undefined && value !== null && value !== '') {
    return new TargetError(
      `${field} is no text but ${shown(JSON.stringify(value))}: write a string such as ${example}`,
    );
  }
  const similar = Object.keys(fields).find((key) => key !== field && key.toLowerCase() === field);
  const advice =
    similar === undefined ? `write ${example}` : `write the key ${shown(similar)} in small letters`;
  return new TargetError(`${field} is missing: ${advice}`);
}
