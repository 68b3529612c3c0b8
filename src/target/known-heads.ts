import type { HttpTarget } from './target.ts';

/** All of a request but its body's bytes. */
export interface Head extends Omit<HttpTarget, 'body'> {
  /** The body as it stands in the text: a mark. */
  readonly body: string;
}

/** More than there are kinds of targets and write keys; texts that never come again cost time, not memory. */
const MAX_KNOWN = 256;
const MAX_LENGTH = 4096;

/**
 * What was read from the texts of targets whose body is an event under a mark. Such a text is often the same in hit after
 * hit, as all that differs is the event: then finding it here saves the parser, which takes ten times as long.
 */
export class KnownHeads {
  readonly #heads = new Map<string, Head>();

  find(json: string): Head | undefined {
    return this.#heads.get(json);
  }

  remember(json: string, { method, origin, path, headers }: HttpTarget, body: string): void {
    // Such a header is checked against each body.
    if (json.length > MAX_LENGTH || /content-length/i.test(json)) return;
    if (this.#heads.size >= MAX_KNOWN) this.#heads.clear();
    this.#heads.set(json, { method, origin, path, headers, body });
  }
}
