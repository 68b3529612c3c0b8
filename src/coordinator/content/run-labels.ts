import { OTHER_LABEL } from '../../template/labels.ts';

/**
 * Names under which a run counts its hits. Contents come and go while it goes on; a name, once given, keeps its index.
 * When there is room for one more only, that is `other`, under which everything else is counted.
 */
export class RunLabels {
  /** How many names there may ever be. */
  readonly most: number;
  readonly #names: string[] = [];

  constructor(most: number) {
    this.most = most;
  }

  get names(): string[] {
    return this.#names;
  }

  add(names: readonly string[]): void {
    for (const name of names) {
      if (this.#names.includes(name) || this.#names.length === this.most) continue;
      this.#names.push(this.#names.length < this.most - 1 ? name : OTHER_LABEL);
    }
  }
}
