import { type Gap, gapsOf, type Slot } from './event-gaps.ts';
import { ID_LENGTH, writeNewId } from './ids.ts';

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
    const { bytes, slots } = fill(read, length, gapsOf(read, length, text, idField));
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

/** Where events are written to be read: the same bytes over and over again, as a buffer for each costs more. */
const DESK = Buffer.alloc(64 * 1024);
/** Stands behind a text as its end. */
const NO_JSON = 0;

/** Has room for the bytes of a text and one more. */
function deskFor(text: string): Buffer {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return 3 * text.length < DESK.length ? DESK : Buffer.allocUnsafe(Buffer.byteLength(text) + 1);
}

const QUOTED_ID_LENGTH = ID_LENGTH + 2;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
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
