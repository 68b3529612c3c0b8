import type { EventOptions } from './content.ts';
import { EventText } from './event-text.ts';
import type { Random } from './random.ts';

/** Each type keeps its last event in memory; what names its types at random must not fill it. */
const MAX_TYPES = 1000;

/** What the draw for an event says: make one, send the last one under fresh ids, or send it as it was. */
type Draw = 'new' | 'reuse' | 'duplicate';

/** What a lane remembers of one type of event. */
interface TypeMemory {
  /** The last event given out, and the write key that went with it, if its target asked for one. */
  last: EventText | null;
  lastKey: string | null;

  /** The target in which the type was last asked for; what follows belongs to that target. */
  target: number;
  /** The draw for its next event, when it is already made. */
  draw: Draw | null;
  /** Whether an event of this type was given in it. */
  given: boolean;
  /** Its write key for this type, once it is decided. */
  key: string | null;
  /** `last` and `lastKey` from before it. */
  before: { last: EventText | null; lastKey: string | null };
}

/**
 * The events of one lane: makes them from templates, and sends some of them again.
 *
 * One draw r in [0, 1) is made for each event: r < `duplicates` gives the last event of its type once more, byte for byte
 * and with its write key; r < `duplicates + reuse` gives it under fresh ids and any write key; else a new one is rendered.
 * Both of the first need an earlier event of the type. The last event is the last one given out, in whichever way: a
 * duplicate of a reuse has the reuse's id.
 *
 * The rules of a target, in which calls may stand in any order (a header with the key before the body with the event, or
 * after it):
 * - The draw is made at the target's first call for a type, be it for the event or for the key. A further event of the
 *   same type in the same target has a draw of its own, for which the one before it is the last.
 * - A target has one write key for a type, however often it asks and however many events it holds: that of the original,
 *   when its first event is a duplicate (also when the list asked for does not hold it), else one of the list.
 * - An event whose target asked for no key has none; a duplicate of it takes one of the list, and keeps it from then on.
 * - Types are independent of each other, in events, draws and keys.
 */
export class EventMemory {
  readonly #options: EventOptions;
  readonly #random: Random;
  readonly #render: (name: string) => string;
  readonly #types = new Map<string, TypeMemory>();
  #target = 0;

  /** @param o.render gives the text of the event template of that name */
  constructor(o: { options: EventOptions; random: Random; render: (name: string) => string }) {
    this.#options = o.options;
    this.#random = o.random;
    this.#render = o.render;
  }

  /** Call before each target is rendered. */
  beginTarget(): void {
    this.#target++;
  }

  /**
   * Call when the target was not rendered to its end, or is not valid: the memory is then as before `beginTarget`. Else
   * an event that was never sent could be sent again "as it was".
   */
  dropTarget(): void {
    for (const memory of this.#types.values()) {
      if (memory.target === this.#target) Object.assign(memory, memory.before);
    }
    this.#target++;
  }

  /**
   * The next event of a type.
   * @param name the template that renders it
   * @param type under which it is remembered
   * @throws Error when what was rendered is no JSON object; whatever the template throws. The memory is then as before.
   */
  includeEvent(name: string, type: string): EventText {
    const memory = this.#memory(type, 'includeEvent');
    const draw = memory.draw ?? this.#draw(memory);
    // An event that includes another of its own type shall not share the draw with it.
    memory.draw = null;
    const event = draw === 'new' ? this.#create(name) : memory.last!;
    memory.last = draw === 'reuse' ? event.renewed() : event;
    memory.lastKey = memory.key;
    memory.given = true;
    return memory.last;
  }

  /**
   * The write key for the events of a type in this target.
   * @param keys one key, or a list of which one is drawn
   * @throws Error when there is no key in `keys`
   */
  selectWriteKey(keys: string | string[], type: string): string {
    const memory = this.#memory(type, 'selectWriteKey');
    const selected = this.#anyOf(keys);
    memory.key ??= selected;
    if (memory.given) memory.lastKey = memory.key;
    return memory.key;
  }

  /** Forgets all events. */
  forget(): void {
    this.#types.clear();
  }

  /** What is remembered of the type, with its first draw made if this is the target's first call for it. */
  #memory(type: string, caller: string): TypeMemory {
    let memory = this.#types.get(type);
    if (memory === undefined) memory = this.#remember(type, caller);
    if (memory.target !== this.#target) {
      memory.target = this.#target;
      memory.before = { last: memory.last, lastKey: memory.lastKey };
      memory.given = false;
      memory.draw = this.#draw(memory);
      memory.key = memory.draw === 'duplicate' ? memory.lastKey : null;
    }
    return memory;
  }

  #remember(type: string, caller: string): TypeMemory {
    if (typeof type !== 'string' || type === '') {
      throw new Error(`${caller} takes the event's type as its second argument, such as 'track'`);
    }
    if (this.#types.size === MAX_TYPES) {
      throw new Error(
        `${caller}: more than ${MAX_TYPES} types of events; a type names a kind, not one event`,
      );
    }
    const before = { last: null, lastKey: null };
    const memory: TypeMemory = { ...before, target: -1, draw: null, given: false, key: null, before };
    this.#types.set(type, memory);
    return memory;
  }

  #draw(memory: TypeMemory): Draw {
    const r = this.#random.float();
    if (memory.last === null) return 'new';
    const { duplicates, reuse } = this.#options;
    if (r < duplicates) return 'duplicate';
    return r < duplicates + reuse ? 'reuse' : 'new';
  }

  #create(name: string): EventText {
    const text = this.#render(name);
    try {
      return EventText.create(text, this.#options.idField);
    } catch (error) {
      throw new Error(`event "${name}" ${(error as Error).message}`, { cause: error });
    }
  }

  #anyOf(keys: string | string[]): string {
    const key = Array.isArray(keys) ? keys[keys.length > 1 ? this.#random.int(keys.length) : 0] : keys;
    if (typeof key === 'string') return key;
    const given = Array.isArray(keys) && keys.length === 0 ? 'an empty list' : String(JSON.stringify(keys));
    throw new Error(`selectWriteKey takes a write key or a list of them as its first argument, not ${given}`);
  }
}
