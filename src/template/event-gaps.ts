import {
  elementsOf,
  type Member,
  membersOf,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Span,
  skipSpace,
} from './json-scan.ts';

/** A whole JSON value, quotes included, that is an id. */
export interface Slot extends Span {
  /** Slots of the same owner hold the same id. */
  owner: number;
}

/** Where an id is to be, in bytes not yet filled in. */
export interface Gap extends Slot {
  /** What stands there is the id and stays. */
  keep: boolean;
  /** The key whose member is put in with the id; null: it is there. */
  member: Key | null;
  /** Whether members follow what is put in. */
  comma: boolean;
}

/** The name of a member as it stands in JSON, in quotes. */
export interface Key {
  readonly text: string;
  readonly bytes: Buffer;
}

const BATCH = newKey('batch');
let lastField = 'batch';
let lastKey = BATCH;

function keyOf(field: string): Key {
  if (field !== lastField) {
    lastField = field;
    lastKey = field === 'batch' ? BATCH : newKey(field);
  }
  return lastKey;
}

function newKey(field: string): Key {
  const text = JSON.stringify(field);
  return { text, bytes: Buffer.from(text) };
}

const BACKSLASH = 0x5c;
/** No other value begins with an `n`. */
const NULL_BEGINS = 0x6e;

/**
 * The gaps of an event, in the order in which they stand in its bytes.
 * @param text what the first `length` bytes stand for @param idField the name of the field that holds an event's id
 * @throws Error when it is no event
 */
export function gapsOf(bytes: Buffer, length: number, text: string, idField: string): Gap[] {
  const key = keyOf(idField);
  const open = skipSpace(bytes, 0);
  const object = bytes[open] === OPEN_BRACE ? membersOf(bytes, open) : null;
  if (object === null || skipSpace(bytes, object.end) < length) throw noObject(text);

  const gaps = idsOf(bytes, open, object.members, key, 0);
  const batch = key === BATCH ? null : batchOf(bytes, object.members);
  if (batch === null) return gaps;
  const own = gaps.every(({ keep }) => keep) ? gaps : [];
  for (const [i, { start }] of batch.entries()) {
    own.push(...idsOf(bytes, start, membersOf(bytes, start)!.members, key, i + 1));
  }
  return own.sort((a, b) => a.start - b.start);
}

/**
 * The gaps of one object: its ids as the template sets them, null included; where it sets none, one gap at the front.
 * @param key the id's key
 */
function idsOf(bytes: Buffer, open: number, members: Member[], key: Key, owner: number): Gap[] {
  const own = members.filter((member) => isKey(bytes, member.key, key));
  const last = own.at(-1);
  if (last === undefined) {
    const at = open + 1;
    return [{ start: at, end: at, owner, keep: false, member: key, comma: members.length > 0 }];
  }
  const keep = bytes[last.value.start] !== NULL_BEGINS;
  return own.map(({ value }) => ({ ...value, owner, keep, member: null, comma: false }));
}

/** However the key is written: letters may be escaped. */
function isKey(bytes: Buffer, { start, end }: Span, wanted: Key): boolean {
  if (isSame(bytes, start, end, wanted.bytes)) return true;
  if (end - start < wanted.bytes.length) return false;
  for (let at = start; at < end; at++) {
    if (bytes[at] === BACKSLASH)
      return JSON.stringify(JSON.parse(bytes.toString('utf8', start, end))) === wanted.text;
  }
  return false;
}

function isSame(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

/** The elements of a batch; null when the event is none. @throws Error when an element is no object and another is */
function batchOf(bytes: Buffer, members: Member[]): Span[] | null {
  const batch = members.findLast((member) => isKey(bytes, member.key, BATCH));
  if (batch === undefined || bytes[batch.value.start] !== OPEN_BRACKET) return null;
  const elements = elementsOf(bytes, batch.value.start);
  const isObject = ({ start }: Span) => bytes[start] === OPEN_BRACE;
  if (!elements.some(isObject)) return null;
  const stranger = elements.findIndex((element) => !isObject(element));
  if (stranger === -1) return elements;
  const { start, end } = elements[stranger]!;
  const kind = kindOf(JSON.parse(bytes.toString('utf8', start, end)));
  throw new Error(`has a batch whose element ${stranger} is no JSON object but ${kind}`);
}

/** In the words of the parser where it is no JSON at all. */
function noObject(text: string): Error {
  try {
    return new Error(`is no JSON object but ${kindOf(JSON.parse(text))}`);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ');
    return new Error(`is no JSON object: ${reason}`, { cause: error });
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
