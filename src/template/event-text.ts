import { ID_LENGTH, writeNewId } from './ids.ts';
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
    if (!this.#slots.every((slot) => slot.end - slot.start === QUOTED_ID_LENGTH)) {
      const gaps = this.#slots.map((slot) => ({ ...slot, keep: false, member: null, comma: false }));
      const { bytes, slots } = fill(this.bytes, this.bytes.length, gaps);
      return new EventText(bytes, slots);
    }
    const bytes = Buffer.from(this.bytes);
    const ids = new IdsByOwner(bytes);
    for (const slot of this.#slots) ids.write(slot.owner, slot.start);
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
  /** The key whose member is put in with the id; null: it is there. */
  member: Key | null;
  /** Whether members follow what is put in. */
  comma: boolean;
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

const QUOTED_ID_LENGTH = ID_LENGTH + 2;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
/** No other value begins with an `n`. */
const NULL_BEGINS = 0x6e;
/** From how many bytes on a call of the system's copying is worth it. */
const LONG = 32;

/** Writes fresh ids in quotes into one event, the same one for the same owner. */
class IdsByOwner {
  readonly #bytes: Buffer;
  /** Where the id of each stands. */
  readonly #places: number[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  write(owner: number, at: number): void {
    const bytes = this.#bytes;
    const known = this.#places[owner];
    if (known !== undefined) {
      bytes.copyWithin(at, known, known + QUOTED_ID_LENGTH);
      return;
    }
    this.#places[owner] = at;
    bytes[at] = QUOTE;
    writeNewId(bytes, at + 1);
    bytes[at + 1 + ID_LENGTH] = QUOTE;
  }
}

/** The first `length` bytes with fresh ids in all gaps that do not keep theirs. */
function fill(bytes: Buffer, length: number, gaps: Gap[]): { bytes: Buffer; slots: Slot[] } {
  let growth = 0;
  for (const gap of gaps) growth += growthOf(gap);
  const filled = Buffer.allocUnsafe(length + growth);
  const ids = new IdsByOwner(filled);
  const slots: Slot[] = [];
  let copied = 0;
  let at = 0;
  for (const { start, end, owner, keep, member, comma } of gaps) {
    at = copy(bytes, copied, start, filled, at);
    if (member !== null) {
      at = copy(member.bytes, 0, member.bytes.length, filled, at);
      filled[at++] = COLON;
    }
    const idAt = at;
    if (keep) at = copy(bytes, start, end, filled, at);
    else {
      ids.write(owner, at);
      at += QUOTED_ID_LENGTH;
    }
    slots.push({ start: idAt, end: at, owner });
    if (comma) filled[at++] = COMMA;
    copied = end;
  }
  copy(bytes, copied, length, filled, at);
  return { bytes: filled, slots };
}

function growthOf({ start, end, keep, member, comma }: Gap): number {
  if (keep) return 0;
  return (member === null ? 0 : member.bytes.length + 1) + QUOTED_ID_LENGTH + (comma ? 1 : 0) - (end - start);
}

/** @returns where the copy ends in `to` */
function copy(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start >= LONG) return at + from.copy(to, at, start, end);
  for (let i = start; i < end; i++) to[at + i - start] = from[i]!;
  return at + end - start;
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
    return [{ start: at, end: at, owner, keep: false, member: key, comma: members.length > 0 }];
  }
  const keep = bytes[last.value.start] !== NULL_BEGINS;
  return own.map(({ value }) => ({ ...value, owner, keep, member: null, comma: false }));
}

/** However the key is written: letters may be escaped. */
function isKey(bytes: Buffer, { start, end }: Span, wanted: Key): boolean {
  if (isSame(bytes, start, end, wanted.bytes)) return true;
  if (end - start <= wanted.bytes.length) return false;
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
