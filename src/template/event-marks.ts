import { randomBytes } from 'node:crypto';
import type { MarkedBodies } from '../target/target.ts';
import type { EventText } from './event-text.ts';

/** Control characters that no text of people holds, and what nobody can know beforehand: no data looks like a mark. */
const OPENING = `\u0091${randomBytes(6).toString('base64url')}`;
const CLOSING = '\u0092';

/**
 * The events that stand in a text under a mark instead of in base64. An event is nearly always all of a target's body:
 * then its bytes go from the template into the request as they are, and are never written in base64, put through a JSON
 * parser and read back, which costs more than the event itself where it is one sent again.
 *
 * A mark is in no text that templates or people see: where the text is not the target's own, `written` comes first.
 */
export class EventMarks implements MarkedBodies {
  readonly #events: EventText[] = [];
  #untaken = 0;

  /** How many marks were made. */
  get count(): number {
    return this.#events.length;
  }

  /** Whether there are events that `bytesOf` has not been asked for. */
  get isLeft(): boolean {
    return this.#untaken > 0;
  }

  /** What to put into the text for an event. */
  mark(event: EventText): string {
    this.#untaken++;
    return markOf(this.#events.push(event) - 1);
  }

  bytesOf(text: string): Buffer | null {
    if (!text.startsWith(OPENING)) return null;
    const index = this.#events.findIndex((_, each) => markOf(each) === text);
    if (index === -1) return null;
    this.#untaken--;
    return this.#events[index]!.bytes;
  }

  written(text: string, from = 0): string {
    let written = text;
    for (let index = from; index < this.#events.length; index++) {
      written = written.replaceAll(markOf(index), this.#events[index]!.base64);
    }
    return written;
  }

  /** Forgets the marks from the `from`th on: their text was written out, or is not used. */
  forget(from = 0): void {
    // Setting `length` would leave compiled code.
    while (this.#events.length > from) this.#events.pop();
    this.#untaken = from;
  }
}

const MARKS: string[] = [];

function markOf(index: number): string {
  return (MARKS[index] ??= `${OPENING}${index}${CLOSING}`);
}
