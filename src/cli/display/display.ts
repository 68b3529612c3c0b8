import type { RunSnapshot } from '../../coordinator/snapshot.ts';
import { widthOf } from '../../report/layout.ts';
import { type Controls, frame } from './frame.ts';
import { Keyboard, type KeySource } from './keyboard.ts';
import type { Command, SteeringCommand } from './keys.ts';
import { plainLine } from './line.ts';
import { DisplayState } from './state.ts';

/** Shows a run while it goes on. */
export interface Display {
  /** Takes what is known now; it is drawn when the next frame is due. */
  update(snapshot: RunSnapshot): void;
  /** Prints a message of one or more lines that stays, above the live block. Its text has to be safe for a terminal. */
  note(line: string): void;
  /** Says what somebody has changed of the run by keys, in words; empty: nothing. */
  steered(text: string): void;
  /** Lets go of the terminal, until `show`: this process is about to stand still. */
  hide(): void;
  show(): void;
  /** Takes the live block away, so that the final report has the screen. Further calls do nothing. */
  end(): void;
}

export interface DisplayOptions {
  /** A terminal gets the live block, anything else plain lines. */
  stream: NodeJS.WriteStream;
  /** Only for the live block. */
  colour: boolean;
  /** Time between frames or lines, in ms. Default 200 on a terminal, else 5000. */
  intervalMs?: number;
  /** Where keys come from; null, or without the live block: there are none. Default null. */
  keys?: KeySource | null;
  /** Called for each key that asks for something. */
  pressed?: (command: SteeringCommand) => void;
}

export function createDisplay(options: DisplayOptions): Display {
  const { stream, intervalMs } = options;
  return stream.isTTY ? new LiveDisplay(options) : new LineDisplay(stream, intervalMs ?? 5000);
}

/** One line every few seconds, at once when the phase changes. */
class LineDisplay implements Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout;
  readonly #state = new DisplayState();
  #phase = '';

  constructor(stream: NodeJS.WriteStream, intervalMs: number) {
    this.#stream = stream;
    this.#timer = setInterval(() => this.#print(), intervalMs);
    this.#timer.unref();
  }

  update(snapshot: RunSnapshot): void {
    this.#state.update(snapshot);
    const { phase } = snapshot;
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#print();
  }

  note(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  steered(): void {}

  hide(): void {}

  show(): void {}

  end(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    const line = plainLine(this.#state);
    if (line !== '') this.#stream.write(`${line}\n`);
  }
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
/** Signals that end a process which does not handle them. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/**
 * A block of lines that is drawn over itself. Each frame is one write, and leaves the cursor at the beginning of the
 * line below the block.
 */
class LiveDisplay implements Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #colour: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #keyboard: Keyboard | null;
  readonly #state = new DisplayState();
  readonly #controls: Controls | null;
  /** The lines now on the screen. */
  #drawn: string[] = [];
  #changed = false;
  #hidden = true;
  #ended = false;

  constructor({ stream, colour, intervalMs = 200, keys = null, pressed = () => {} }: DisplayOptions) {
    this.#stream = stream;
    this.#colour = colour;
    this.#keyboard = keys && new Keyboard(keys, (command) => this.#press(command, pressed));
    this.#controls = keys && { help: false, steered: '' };
    this.#timer = setInterval(() => this.#drawChanges(), intervalMs);
    this.#timer.unref();
    stream.on('resize', this.#redraw);
    process.on('exit', this.#letGo);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    this.show();
  }

  update(snapshot: RunSnapshot): void {
    if (this.#ended) return;
    this.#state.update(snapshot);
    this.#changed = true;
    if (this.#drawn.length === 0 && !this.#hidden) this.#drawChanges();
  }

  note(line: string): void {
    if (this.#hidden) this.#stream.write(`${line}\n`);
    else this.#draw(toLines(line.split('\n')));
  }

  steered(text: string): void {
    if (this.#controls === null) return;
    this.#controls.steered = text;
    this.#redraw();
  }

  hide(): void {
    if (this.#hidden) return;
    this.#stream.write(`${this.#toTop()}${CLEAR_BELOW}`);
    this.#drawn = [];
    this.#letGo();
  }

  show(): void {
    if (!this.#hidden || this.#ended) return;
    this.#hidden = false;
    this.#stream.write(HIDE_CURSOR);
    this.#keyboard?.open();
    this.#redraw();
  }

  end(): void {
    if (this.#ended) return;
    this.hide();
    this.#ended = true;
    clearInterval(this.#timer);
    this.#stream.off('resize', this.#redraw);
    process.off('exit', this.#letGo);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #press(command: Command, pressed: (command: SteeringCommand) => void): void {
    if (command !== 'help') return pressed(command);
    this.#controls!.help = !this.#controls!.help;
    this.#redraw();
  }

  #drawChanges(): void {
    if (!this.#changed || this.#hidden) return;
    // Where this process has come back to the foreground.
    this.#keyboard?.open();
    this.#changed = false;
    this.#draw('');
  }

  readonly #redraw = (): void => {
    if (!this.#hidden) this.#draw('');
  };

  /** @param above what is printed over the block, and stays there */
  #draw(above: string): void {
    const top = this.#toTop();
    const columns = this.#stream.columns || DEFAULT_COLUMNS;
    const rows = this.#stream.rows || DEFAULT_ROWS;
    // A full last column makes some terminals begin a new line, and what has left the screen cannot be drawn over.
    this.#drawn = frame(this.#state, columns - 1, this.#colour, this.#controls).slice(0, rows - 1);
    this.#stream.write(`${top}${above}${toLines(this.#drawn)}${CLEAR_BELOW}`);
  }

  /** Moves to the block's first line. A terminal made narrower since has broken the lines drawn before. */
  #toTop(): string {
    const columns = this.#stream.columns || DEFAULT_COLUMNS;
    const height = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)),
      0,
    );
    return height > 0 ? `\x1b[${height}A\r` : '\r';
  }

  readonly #letGo = (): void => {
    this.#hidden = true;
    this.#keyboard?.close();
    this.#stream.write(SHOW_CURSOR);
  };

  /** Where nobody else handles the signal it ends the process, as it would without this display. */
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    this.end();
    process.kill(process.pid, signal);
  };
}

/** Each line clears what an older one has left behind its end. */
function toLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
}
