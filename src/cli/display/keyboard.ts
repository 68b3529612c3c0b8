import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Command, commandsOf } from './keys.ts';

/** Where keys come from. */
export interface KeySource {
  /** A terminal. */
  input: Pick<NodeJS.ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;
  /** Whether keys may be taken from it now: a terminal stops a process in the background that tries. */
  isOurs: () => boolean;
}

/**
 * Takes single keys from a terminal, which shows none of them meanwhile and makes no signals of them. Whoever opens it
 * has to close it on every way out: a shell cannot be used on a terminal that was left so.
 */
export class Keyboard {
  readonly #source: KeySource;
  readonly #pressed: (command: Command) => void;
  #isOpen = false;

  constructor(source: KeySource, pressed: (command: Command) => void) {
    this.#source = source;
    this.#pressed = pressed;
    // A terminal that is gone has no keys any more, and that is all.
    source.input.on('error', () => {});
  }

  /** Where keys may not be taken now, it stays closed: try again. */
  open(): void {
    const { input, isOurs } = this.#source;
    if (this.#isOpen || !isOurs()) return;
    this.#isOpen = true;
    input.setRawMode(true);
    input.on('data', this.#onData);
    input.resume();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { input } = this.#source;
    input.off('data', this.#onData);
    input.pause();
    input.setRawMode(false);
  }

  readonly #onData = (chunk: Buffer | string): void => {
    for (const command of commandsOf(chunk.toString())) if (this.#isOpen) this.#pressed(command);
  };
}

/** The keys of the terminal that this process was started on; null: it was started on none. */
export function terminalKeys(stdin: NodeJS.ReadStream): KeySource | null {
  return stdin.isTTY ? { input: stdin, isOurs: isInForeground } : null;
}

/** Whether this process belongs to those that its terminal listens to. */
function isInForeground(): boolean {
  try {
    const [group, foreground] = process.platform === 'linux' ? groupsByProc() : groupsByPs();
    return group === foreground;
  } catch {
    return false;
  }
}

type Groups = [own: string | undefined, foreground: string | undefined];

/** The fields pgrp and tpgid of `/proc/self/stat`, see proc(5); the name before them may hold anything. */
function groupsByProc(): Groups {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [group, foreground];
}

function groupsByPs(): Groups {
  const line = execFileSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8' });
  const [group, foreground] = line.trim().split(/\s+/);
  return [group, foreground];
}
