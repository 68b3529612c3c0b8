import { isDeepStrictEqual } from 'node:util';
import { viewOf } from './inline-source.ts';
import type { Source, View } from './source.ts';
import { SourceError } from './source-error.ts';
import type { Surroundings } from './surroundings.ts';

/** All keys of a ConfigMap that stands beside the test. */
export class ConfigMapSource implements Source {
  readonly #name: string;
  #view: View = { files: [] };

  constructor(name: string) {
    this.#name = name;
  }

  async look({ configMaps, help }: Surroundings): Promise<View> {
    const data = configMaps.get(this.#name);
    if (data === undefined) {
      throw new SourceError(`ConfigMap ${this.#name} ${help.absent}: ${help.object}`);
    }
    const view = viewOf(data);
    if (!isDeepStrictEqual(view, this.#view)) this.#view = view;
    return this.#view;
  }

  close(): void {}
}
