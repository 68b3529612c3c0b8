import { newId } from './ids.ts';
import {
  elementsOf,
  type Member,
  membersOf,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Span,
  skipSpace,
} from './json-scan.ts';

/**
 * One event as it goes out: the bytes that its template gave, and where in them its ids stand.
 *
 * The ids of an event are those of the object itself; of a batch (an object whose `batch` is an array of objects) those
 * of each element. Where the template sets no id, or null, a unique one is put in. A batch's own id, where its template
 * sets one, is kept, and renewed with the others. All other bytes stay as they are: nothing is serialised again, neither
 * when the event is made nor when it is sent once more.
 *
 * Of a key that an object has twice the last one counts, as for every JSON parser; renewed are both.
 */
export class EventText {
  /** As they go out; they never change. */
  readonly bytes: Buffer;
  readonly #slots: readonly Slot[];

  private constructor(bytes: Buffer, slots: readonly Slot[]) {
    this.bytes = bytes;
    this.#slots = slots;
  }

  /**
   * @param text what the template gave
   * @param idField the name of the field that holds an event's id
   * @throws Error when `text` is no JSON object, or a batch holds an object and something else
   */
  static create(text: string, idField: string): EventText {
    const read = deskFor(text);
    const length = read.write(text);
    read[length] = NO_JSON;
    const { bytes, slots } = fill(read, length, locateIds(read, length, text, keyOf(idField)));
    return new EventText(bytes, slots);
  }

  /** The bytes in base64. */
  get base64(): string {
    return this.bytes.toString('base64');
  }

  /** The same event under fresh ids. */
  renewed(): EventText {
    if (!this.#slots.every((slot) => slot.end - slot.start === ID_LENGTH)) {
      const gaps = this.#slots.map((slot) => ({ ...slot, keep: false, before: '', after: '' }));
      const { bytes, slots } = fill(this.bytes, this.bytes.length, gaps);
      return new EventText(bytes, slots);
    }
    const bytes = Buffer.from(this.bytes);
    const idOf = idsByOwner();
    for (const slot of this.#slots) bytes.write(idOf(slot.owner), slot.start, 'latin1');
    return new EventText(bytes, this.#slots);
  }
}

/** A whole JSON value, quotes included, that is an id. */
interface Slot extends Span {
  /** Slots of the same owner hold the same id. */
  owner: number;
}

/** Where an id is to be, in bytes not yet filled in. */
interface Gap extends Slot {
  /** What stands there is the id and stays. */
  keep: boolean;
  /** Put in before and after the id. */
  before: string;
  after: string;
}

/** The name of a member as it stands in JSON, in quotes. */
interface Key {
  readonly text: string;
  readonly bytes: Buffer;
}

/** Where events are written to be read: the same bytes over and over again, as a buffer for each costs more. */
const DESK = Buffer.alloc(64 * 1024);
/** Stands behind a text as its end. */
const NO_JSON = 0;

/** Has room for the bytes of a text and one more. */
function deskFor(text: string): Buffer {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return 3 * text.length < DESK.length ? DESK : Buffer.allocUnsafe(Buffer.byteLength(text) + 1);
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

/** A UUID in quotes. */
const ID_LENGTH = 38;
const BACKSLASH = 0x5c;
/** No other value begins with an `n`. */
const NULL_BEGINS = 0x6e;

function idsByOwner(): (owner: number) => string {
  const ids: string[] = [];
  return (owner) => {
    ids[owner] ??= `"${newId()}"`;
    return ids[owner];
  };
}

/** The first `length` bytes with fresh ids in all gaps that do not keep theirs. */
function fill(bytes: Buffer, length: number, gaps: Gap[]): { bytes: Buffer; slots: Slot[] } {
  const filled = Buffer.allocUnsafe(length + gaps.reduce((sum, gap) => sum + growth(gap), 0));
  const slots: Slot[] = [];
  const idOf = idsByOwner();
  let copied = 0;
  let at = 0;
  for (const { start, end, owner, keep, before, after } of gaps) {
    at += bytes.copy(filled, at, copied, start);
    if (before !== '') at += filled.write(before, at);
    const idAt = at;
    at += keep ? bytes.copy(filled, at, start, end) : filled.write(idOf(owner), at, 'latin1');
    slots.push({ start: idAt, end: at, owner });
    if (after !== '') at += filled.write(after, at);
    copied = end;
  }
  bytes.copy(filled, at, copied, length);
  return { bytes: filled, slots };
}

function growth({ start, end, keep, before, after }: Gap): number {
  return keep ? 0 : Buffer.byteLength(before) + ID_LENGTH + Buffer.byteLength(after) - (end - start);
}

/** The gaps of an event, in the order in which they stand in its bytes. @throws Error when it is no event */
function locateIds(bytes: Buffer, length: number, text: string, key: Key): Gap[] {
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
 * The gaps of one object: the ids that the template sets itself, as null or as anything else, or else a place at its front.
 * @param key the id's key
 */
function idsOf(bytes: Buffer, open: number, members: Member[], key: Key, owner: number): Gap[] {
  const own = members.filter((member) => isKey(bytes, member.key, key));
  const last = own.at(-1);
  if (last === undefined) {
    const at = open + 1;
    const after = members.length === 0 ? '' : ',';
    return [{ start: at, end: at, owner, keep: false, before: `${key.text}:`, after }];
  }
  const keep = bytes[last.value.start] !== NULL_BEGINS;
  return own.map(({ value }) => ({ ...value, owner, keep, before: '', after: '' }));
}

/** However the key is written: letters may be escaped. */
function isKey(bytes: Buffer, { start, end }: Span, wanted: Key): boolean {
  if (isSame(bytes, start, end, wanted.bytes)) return true;
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
