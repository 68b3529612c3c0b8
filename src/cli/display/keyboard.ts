import { type Command, commandsOf } from './keys.ts';

/** What a keyboard needs of a terminal's input. */
export type KeyInput = Pick<NodeJS.ReadStream, 'isRaw' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;

/**
 * Takes single keys from a terminal, which shows none of them meanwhile and makes no signals of them. Whoever opens it
 * has to close it on every way out: a shell cannot be used on a terminal that was left so.
 */
export class Keyboard {
  readonly #input: KeyInput;
  readonly #pressed: (command: Command) => void;
  #isOpen = false;

  constructor(input: KeyInput, pressed: (command: Command) => void) {
    this.#input = input;
    this.#pressed = pressed;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#input.setRawMode(true);
    this.#input.on('data', this.#onData);
    this.#input.on('error', this.#onError);
    this.#input.resume();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#input.off('data', this.#onData);
    this.#input.pause();
    this.#input.setRawMode(false);
  }

  readonly #onData = (chunk: Buffer | string): void => {
    for (const command of commandsOf(chunk.toString())) if (this.#isOpen) this.#pressed(command);
  };

  /** The terminal is gone: there are no keys any more. */
  readonly #onError = (): void => {
    this.#isOpen = false;
  };
}
