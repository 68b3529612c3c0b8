/** An object as a listing names it. */
export interface S3Object {
  key: string;
  /** As it stands in headers, with its quotes. Another for other bytes. */
  etag: string;
  /** In bytes. */
  size: number;
}

/** One page of a listing. */
export interface ListPage {
  objects: S3Object[];
  /** What asks for the page after it; null: this is the last. */
  next: string | null;
}

/**
 * Reads the answer to ListObjectsV2. It is made by machines and has no attributes or nested lists to speak of, so it is
 * searched rather than parsed.
 * @returns null when it is no such answer
 */
export function readListPage(xml: string): ListPage | null {
  if (!/<ListBucketResult[\s>]/.test(xml) || !xml.includes('</ListBucketResult>')) return null;
  const head = xml.replace(CONTENTS, '');
  const urlEncoded = elementOf(head, 'EncodingType') === 'url';
  const objects: S3Object[] = [];
  for (const [, entry] of xml.matchAll(CONTENTS)) {
    const [key, etag, size] = ['Key', 'ETag', 'Size'].map((name) => elementOf(entry!, name));
    if (typeof key !== 'string' || !etag || !/^[0-9]+$/.test(size ?? '')) return null;
    objects.push({ key: urlEncoded ? urlDecoded(key) : key, etag, size: Number(size) });
  }
  const next = elementOf(head, 'IsTruncated') === 'true' ? elementOf(head, 'NextContinuationToken') : null;
  return { objects, next };
}

/** The text of the first element of that name; null: there is none. */
export function elementOf(xml: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? null : unescaped(text);
}

const CONTENTS = /<Contents>(.*?)<\/Contents>/gs;

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
