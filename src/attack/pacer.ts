import type { Clock } from './clock.ts';
import type { Lane } from './lane.ts';

/** Under this distance a timer is too coarse for precise pacing, in ms: `setTimeout` ticks at about 1.1 ms. */
const SPIN_BELOW_MS = 2;
/** The longest sleep of a timer, in ms; a lane publishes far more often. */
const LONGEST_SLEEP_MS = 1000;

/**
 * Calls a lane's `tick` at the instants that it names until it is finished.
 *
 * `efficient` sleeps on timers and so sends up to about 1 ms late; `precise` spins through the last 2 ms before each
 * hit, which is exact to microseconds and costs a whole core at high rates.
 */
export class Pacer {
  /** Whether to spin before each hit. */
  precise: boolean;
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #finished: () => void;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #running = false;

  constructor(lane: Lane, clock: Clock, precise: boolean, finished: () => void) {
    this.#lane = lane;
    this.#clock = clock;
    this.precise = precise;
    this.#finished = finished;
  }

  start(): void {
    this.#running = true;
    this.wake();
  }

  /** Ticks in the next turn of the event loop. */
  wake(): void {
    if (!this.#running || this.#immediate !== null) return;
    this.#immediate = setImmediate(this.#tick);
  }

  readonly #tick = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
    const wakeAt = this.#lane.tick();
    if (this.#lane.finished) {
      this.#running = false;
      // A tick may have asked to be woken before it saw that nothing was left.
      clearImmediate(this.#immediate ?? undefined);
      this.#finished();
      return;
    }
    if (this.#immediate !== null) return;
    const sleepMs = wakeAt - this.#clock.now();
    if (sleepMs <= 0 || (this.precise && sleepMs < SPIN_BELOW_MS)) {
      this.#immediate = setImmediate(this.#tick);
    } else {
      const margin = this.precise ? SPIN_BELOW_MS : 0;
      this.#timer = setTimeout(this.#tick, Math.min(LONGEST_SLEEP_MS, Math.max(1, sleepMs - margin)));
    }
  };
}
