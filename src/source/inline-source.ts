import type { Source, View } from './source.ts';
import type { Data } from './surroundings.ts';

/** Files that stand in the manifest itself. */
export class InlineSource implements Source {
  readonly #view: View;

  constructor(texts: Data) {
    this.#view = viewOf(texts);
  }

  async look(): Promise<View> {
    return this.#view;
  }

  close(): void {}
}

/** Texts by name as files in order of name. */
export function viewOf(texts: Data): View {
  const names = Object.keys(texts).sort();
  return { files: names.map((name) => ({ name, text: texts[name]! })) };
}
