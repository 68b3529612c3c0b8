import { isatty } from 'node:tty';
import type { RunSnapshot } from '../../coordinator/snapshot.ts';
import type { Display } from '../display/display.ts';
import type { SteeringCommand } from '../display/keys.ts';
import { EXIT_CODES } from '../errors.ts';
import type { Steering } from './steering.ts';

export interface LiveControlOptions {
  steering: Steering;
  /** Looks at what is sent again, now. */
  reload: () => void;
  snapshot: () => RunSnapshot;
  /** null: nothing is shown. */
  display: Display | null;
}

/** How long a run may take to stand still before this process does, in ms. */
const STANDS_STILL_MS = 2000;
const LOOK_EVERY_MS = 20;

/**
 * What can be asked of a run on this machine while it goes on, by keys and by signals: SIGINT and SIGTERM end it
 * gracefully, and at once the second time; SIGHUP looks at what is sent again; SIGTSTP pauses it until SIGCONT.
 */
export class LiveControl {
  readonly #options: LiveControlOptions;
  /** Which of the standard streams were a terminal at the start. */
  readonly #terminals = [0, 1, 2].filter((fd) => isatty(fd));
  readonly #signals: Partial<Record<NodeJS.Signals, (signal: NodeJS.Signals) => void>> = {
    SIGINT: (signal) => this.#interrupt(signal),
    SIGTERM: (signal) => this.#interrupt(signal),
    SIGHUP: (signal) => this.#hangUp(signal),
    SIGTSTP: () => void this.#leave(process.pid),
  };
  #interrupted = false;
  #leaving = false;

  constructor(options: LiveControlOptions) {
    this.#options = options;
  }

  /** @returns what takes the handlers away again */
  handleSignals(): () => void {
    const handlers = Object.entries(this.#signals) as [NodeJS.Signals, NodeJS.SignalsListener][];
    for (const [signal, handler] of handlers) process.on(signal, handler);
    return () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    };
  }

  press(command: SteeringCommand): void {
    const { steering, reload } = this.#options;
    switch (command) {
      case 'up':
      case 'down':
      case 'double':
      case 'halve':
        return steering.step(command);
      case 'own rate':
        return steering.resetRate();
      case 'pause':
        return steering.suspend(!steering.isSuspended);
      case 'reload':
        return reload();
      case 'stop':
        return steering.stop('stopped by a key');
      case 'interrupt':
        return this.#interrupt('SIGINT');
      case 'leave':
        // Whoever started this process stands still with it, as a terminal would have it.
        return void this.#leave(0);
      case 'quit':
        process.kill(process.pid, 'SIGQUIT');
    }
  }

  #interrupt(signal: NodeJS.Signals): void {
    if (this.#interrupted) process.exit(EXIT_CODES.interrupted);
    this.#interrupted = true;
    this.#options.steering.stop(`interrupted by ${signal}`);
  }

  /** A terminal that is closed sends SIGHUP as well: then there is nobody left to steer or to read. */
  #hangUp(signal: NodeJS.Signals): void {
    if (this.#terminals.every((fd) => isatty(fd))) return this.#options.reload();
    process.off(signal, this.#signals[signal]!);
    process.kill(process.pid, signal);
  }

  /** Gives the terminal back and pauses the run, so that nothing is sent while nobody answers the workers. */
  async #leave(processes: number): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    const { steering, snapshot, display } = this.#options;
    const wasSuspended = steering.isSuspended;
    display?.hide();
    steering.suspend(true);
    const end = Date.now() + STANDS_STILL_MS;
    while (snapshot().phase === 'Running' && !snapshot().suspended && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    process.once('SIGCONT', () => {
      this.#leaving = false;
      display?.show();
      steering.suspend(wasSuspended);
    });
    process.kill(processes, 'SIGSTOP');
  }
}
