import { newId } from './ids.ts';
import { elementsOf, type Member, membersOf, type Span, skipSpace } from './json-scan.ts';

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
  /** The bytes in base64. */
  readonly base64: string;
  readonly #bytes: Buffer;
  readonly #slots: readonly Slot[];

  private constructor(bytes: Buffer, slots: readonly Slot[]) {
    this.#bytes = bytes;
    this.#slots = slots;
    this.base64 = bytes.toString('base64');
  }

  /**
   * @param text what the template gave
   * @param idField the name of the field that holds an event's id
   * @throws Error when `text` is no JSON object, or a batch holds an object and something else
   */
  static create(text: string, idField: string): EventText {
    const event = parseObject(text);
    const bytes = Buffer.from(text);
    const { bytes: filled, slots } = fill(bytes, locateIds(bytes, event, idField));
    return new EventText(filled, slots);
  }

  /** The same event under fresh ids. */
  renewed(): EventText {
    if (!this.#slots.every((slot) => slot.end - slot.start === ID_LENGTH)) {
      const gaps = this.#slots.map((slot) => ({ ...slot, keep: false, before: '', after: '' }));
      const { bytes, slots } = fill(this.#bytes, gaps);
      return new EventText(bytes, slots);
    }
    // The bytes can be shared: what was given out is in base64 already, and each renewal writes all the ids.
    const idOf = idsByOwner();
    for (const slot of this.#slots) this.#bytes.write(idOf(slot.owner), slot.start, 'latin1');
    return new EventText(this.#bytes, this.#slots);
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

type JsonObject = Record<string, unknown>;

/** A UUID in quotes. */
const ID_LENGTH = 38;

function idsByOwner(): (owner: number) => string {
  const ids: string[] = [];
  return (owner) => {
    ids[owner] ??= `"${newId()}"`;
    return ids[owner];
  };
}

/** Puts fresh ids into all gaps that do not keep theirs. */
function fill(bytes: Buffer, gaps: Gap[]): { bytes: Buffer; slots: Slot[] } {
  const filled = Buffer.allocUnsafe(bytes.length + gaps.reduce((sum, gap) => sum + growth(gap), 0));
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
  bytes.copy(filled, at, copied);
  return { bytes: filled, slots };
}

function growth({ start, end, keep, before, after }: Gap): number {
  return keep ? 0 : Buffer.byteLength(before) + ID_LENGTH + Buffer.byteLength(after) - (end - start);
}

/** The gaps of an event, in the order in which they stand in its bytes. */
function locateIds(bytes: Buffer, event: JsonObject, idField: string): Gap[] {
  const open = skipSpace(bytes, 0);
  const batch = batchOf(event, idField);
  if (batch === null && !Object.hasOwn(event, idField)) return [missingId(event, open, idField, 0)];

  const members = membersOf(bytes, open);
  const own = ownIds(bytes, members, event, idField, 0);
  if (batch === null) return own;

  const gaps = event[idField] === null ? [] : own;
  const batches = members.filter((member) => isKey(bytes, member, 'batch'));
  elementsOf(bytes, batches.at(-1)!.value.start).forEach((span, i) => {
    const element = batch[i]!;
    const found = Object.hasOwn(element, idField)
      ? ownIds(bytes, membersOf(bytes, span.start), element, idField, i + 1)
      : [missingId(element, span.start, idField, i + 1)];
    gaps.push(...found);
  });
  return gaps.sort((a, b) => a.start - b.start);
}

function missingId(object: JsonObject, open: number, idField: string, owner: number): Gap {
  const after = Object.keys(object).length === 0 ? '' : ',';
  return { start: open + 1, end: open + 1, owner, keep: false, before: `${JSON.stringify(idField)}:`, after };
}

/** The gaps of the ids that the template sets itself, as null or as anything else. */
function ownIds(bytes: Buffer, members: Member[], object: JsonObject, idField: string, owner: number): Gap[] {
  const keep = object[idField] !== null;
  return members
    .filter((member) => isKey(bytes, member, idField))
    .map(({ value }) => ({ ...value, owner, keep, before: '', after: '' }));
}

/** However the key is written: letters may be escaped. */
function isKey(bytes: Buffer, member: Member, name: string): boolean {
  const { start, end } = member.key;
  const written = bytes.toString('utf8', start, end);
  return written === `"${name}"` || (written.includes('\\') && JSON.parse(written) === name);
}

/** The elements of a batch; null when the event is none. */
function batchOf(event: JsonObject, idField: string): JsonObject[] | null {
  if (idField === 'batch' || !Object.hasOwn(event, 'batch') || !Array.isArray(event.batch)) return null;
  const elements: unknown[] = event.batch;
  if (!elements.some(isObject)) return null;
  const stranger = elements.findIndex((element) => !isObject(element));
  if (stranger !== -1) {
    throw new Error(
      `has a batch whose element ${stranger} is no JSON object but ${kindOf(elements[stranger])}`,
    );
  }
  return elements as JsonObject[];
}

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new Error(`is no JSON object: ${reason}`, { cause: error });
  }
  if (!isObject(value)) throw new Error(`is no JSON object but ${kindOf(value)}`);
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
