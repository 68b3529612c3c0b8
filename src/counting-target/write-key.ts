const MAX_CACHED = 10_000;

/** Headers come again and again; the decoded key of each is kept, up to a bound. */
const cache = new Map<string, string>();

/**
 * The write key of `Authorization: Basic base64(key:)`: the user name, up to the first colon. A colon after `Basic` is
 * tolerated, as some templates write it. '' where there is none.
 */
export function writeKeyOf(authorization: string | undefined): string {
  if (authorization === undefined) return '';
  let key = cache.get(authorization);
  if (key === undefined) {
    key = decode(authorization);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(authorization, key);
  }
  return key;
}

function decode(authorization: string): string {
  const encoded = /^basic:? +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return '';
  return Buffer.from(encoded, 'base64').toString().split(':', 1)[0]!;
}
