import type { HttpTarget } from '../../target/target.ts';

/** Headers that are meant for the first origin only. */
const PRIVATE = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);

/** Headers that speak of a body. */
const ABOUT_BODY = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);

/** Whether an answer of this status names another place to ask, given that it has a `Location`. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * What is asked next after `target` was answered with a redirect, as browsers do it: 303 becomes a GET, 301 and 302 do
 * so for a POST, 307 and 308 repeat the request; what belongs to the first origin is not told to another.
 *
 * @param location the `Location` header, absolute or relative to the target
 * @returns null when nothing can be asked there
 */
export function followRedirect(target: HttpTarget, status: number, location: string): HttpTarget | null {
  // Headers come with one character a byte; what is beyond ASCII in them is UTF-8 at best.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const url = URL.parse(text, target.origin + target.path);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  const becomesGet = status === 303 ? target.method !== 'HEAD' : status < 303 && target.method === 'POST';
  const leaves = url.origin !== target.origin;
  return {
    method: becomesGet ? 'GET' : target.method,
    origin: url.origin,
    path: url.pathname + url.search,
    headers: keepHeaders(
      target.headers,
      (name) => !(leaves && PRIVATE.has(name)) && !(becomesGet && ABOUT_BODY.has(name)),
    ),
    body: becomesGet ? null : target.body,
  };
}

function keepHeaders(headers: string[], keeps: (lowerName: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (keeps(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}
