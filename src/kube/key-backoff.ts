export interface KeyBackoffOptions {
  /** The first wait of a key, in ms. */
  firstMs: number;
  /** The longest, in ms. Each is twice the one before until then. */
  mostMs: number;
}

/** How long to wait before a key is worked on again, from how often that has failed: without chance, as keys differ. */
export class KeyBackoff {
  readonly #options: KeyBackoffOptions;
  readonly #failures = new Map<string, number>();

  constructor(options: KeyBackoffOptions) {
    this.#options = options;
  }

  /** The work on `key` has failed once more. @returns how long to wait, in ms */
  failed(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { firstMs, mostMs } = this.#options;
    return Math.min(mostMs, firstMs * 2 ** Math.min(failures, 50));
  }

  /** How often in a row it has failed. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** It has succeeded, or is there no more. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
