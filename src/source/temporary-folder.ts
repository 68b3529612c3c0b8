import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this process alone, for files that are numbered. It goes with the process, however that ends itself. */
export class TemporaryFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'taz-'));
  #files = 0;

  constructor() {
    process.on('exit', this.#removeNow);
  }

  /** A path at which there is no file yet. */
  newPath(): string {
    return join(this.#path, String(++this.#files));
  }

  remove(): void {
    process.off('exit', this.#removeNow);
    this.#removeNow();
  }

  readonly #removeNow = (): void => rmSync(this.#path, { recursive: true, force: true });
}
