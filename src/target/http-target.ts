import { shown } from '../units/shown.ts';
import { decodeBase64 } from './base64.ts';
import { isToken, readHeaders } from './http-headers.ts';
import { splitUrl } from './http-url.ts';
import type { HttpTarget, MarkedBodies } from './target.ts';
import { TargetError } from './target-error.ts';

/** How much of a text is shown on either side of the place where it stops being JSON. */
const EXCERPT = 24;

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
  const fields = readObject(json);
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
  const bytes = body ? (bodies?.bytesOf(body) ?? decodeBase64(body)) : null;
  // Only line ends: no body.
  const sent = bytes !== null && bytes.length > 0 ? bytes : null;
  return { method, origin, path, headers: readHeaders(fields.header, sent?.length ?? 0), body: sent };
}

function readObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw notJson(json, error as Error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TargetError(
      `target is ${shown(json.trim())}: write an object, {"method": "GET", "url": "http://…"}`,
    );
  }
  return value as Record<string, unknown>;
}

function notJson(json: string, error: Error): TargetError {
  if (json.trim() === '')
    return new TargetError('target is empty: write {"method": "GET", "url": "http://…"}');
  const position = /at position (\d+)/.exec(error.message);
  if (!position && !error.message.includes('end of JSON')) {
    // The engine's own message holds an excerpt already.
    return new TargetError(`target is no JSON: ${shownWhole(error.message)}`);
  }
  const at = position ? Number(position[1]) : json.length;
  const near = shown(json.slice(Math.max(0, at - EXCERPT), at + EXCERPT));
  const reason = error.message
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ JSON at position.*$/s, ' it');
  return new TargetError(`target is no JSON at character ${at + 1}, near ${near}: ${shownWhole(reason)}`);
}

/** A short message with control characters made visible, without the quotes around it. */
function shownWhole(message: string): string {
  return message.slice(0, 200).replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
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
