import { BoundedCounts } from './bounded-counts.ts';
import { HashTable } from './hash-table.ts';
import { Hash64 } from './hash64.ts';

/** So many ids are told apart exactly; they take at most some 270 MB. */
export const MAX_EXACT_IDS = 5_000_000;

const MAX_TYPES = 1_000;

/** What the events that arrived say of reuse and duplicates. */
export interface EventStats {
  /** Bodies that are a JSON object: an event, or several in a `batch` array. */
  payloads: number;
  /** Events: a batch counts each of its elements. */
  events: number;
  /** By the `type` of each event. */
  types: Record<string, number>;
  ids: {
    /** Different messageIds. */
    unique: number;
    /** Arrivals of a messageId that had arrived before; `duplicates` splits them. */
    repeated: number;
    /** Events without a messageId that is a text. */
    missing: number;
    /** false once there were more ids, or payloads, than are told apart: then `unique` may be too high. */
    exact: boolean;
  };
  duplicates: {
    /** Repeated ids that came with the same body, byte for byte, and the same write key as the first time. */
    identical: number;
    /** All other repeated ids. */
    different: number;
  };
  /** Payloads with a new messageId that equal an earlier payload in everything else. */
  reused: number;
}

/** Reads events and tells apart what is new, reused and duplicated, in bounded memory. */
export class EventCounts {
  readonly #ids: HashTable;
  readonly #contents: HashTable;
  readonly #types = new BoundedCounts(MAX_TYPES);
  readonly #idHash = new Hash64();
  readonly #hash = new Hash64();
  #payloads = 0;
  #events = 0;
  #unique = 0;
  #missing = 0;
  #identical = 0;
  #different = 0;
  #reused = 0;

  constructor(maxExactIds: number = MAX_EXACT_IDS) {
    this.#ids = new HashTable(maxExactIds);
    this.#contents = new HashTable(maxExactIds);
  }

  /** Counts the events of a body; a body that is no JSON object has none. */
  add(body: Buffer, writeKey: string): void {
    const payload = parseObject(body);
    if (!payload) return;
    this.#payloads++;
    const { low, high } = this.#hash.reset().bytes(body).text(writeKey);
    const batch: unknown = payload['batch'];
    let isNew = true;
    if (Array.isArray(batch)) {
      for (const element of batch) isNew = this.#addEvent(element, low, high) && isNew;
    } else {
      isNew = this.#addEvent(payload, low, high);
    }
    this.#addContent(payload, isNew);
  }

  snapshot(): EventStats {
    return {
      payloads: this.#payloads,
      events: this.#events,
      types: this.#types.toJSON(),
      ids: {
        unique: this.#unique,
        repeated: this.#identical + this.#different,
        missing: this.#missing,
        exact: !this.#ids.overflowed && !this.#contents.overflowed,
      },
      duplicates: { identical: this.#identical, different: this.#different },
      reused: this.#reused,
    };
  }

  /** Counts one event and takes its id out, so that what remains is its content. @returns whether its id is new */
  #addEvent(event: unknown, bodyLow: number, bodyHigh: number): boolean {
    this.#events++;
    const { type, messageId } = (event ?? {}) as { type?: unknown; messageId?: unknown };
    this.#types.add(typeof type === 'string' ? type : '(none)');
    if (typeof messageId !== 'string') {
      this.#missing++;
      return true;
    }
    (event as { messageId?: string }).messageId = undefined;
    const id = this.#idHash.reset().text(messageId);
    switch (this.#ids.add(id.low, id.high, bodyLow, bodyHigh)) {
      case 'new':
        this.#unique++;
        return true;
      case 'equal':
        this.#identical++;
        return false;
      case 'different':
        this.#different++;
        return false;
    }
  }

  #addContent(payload: object, isNew: boolean): void {
    let content: string;
    try {
      content = JSON.stringify(payload);
    } catch {
      return; // Nested too deep to be written: it cannot be compared.
    }
    const { low, high } = this.#hash.reset().text(content);
    if (this.#contents.add(low, high, 0, 0) !== 'new' && isNew) this.#reused++;
  }
}

const OPENING_BRACE = 0x7b;
const SPACE = 0x20;

function parseObject(body: Buffer): Record<string, unknown> | null {
  let start = 0;
  while (start < body.length && body[start]! <= SPACE) start++;
  if (body[start] !== OPENING_BRACE) return null;
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return null;
  }
}
