import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Room for young objects of a lane, in MB, of which half is in use. Rendering is no faster with more. */
const YOUNG_MB = 16;
const LEAST_YOUNG_MB = 2;
/** The share of a small container's memory that this room may be. */
const YOUNG_SHARE = 1 / 32;

/**
 * Holds down what V8 keeps of sets that were swapped out: by default it takes all the room it is given, step by step and
 * over minutes. To be called before any lane is started.
 * @param limit how much memory this process may use, in bytes; Infinity: all of the machine's
 */
export function boundMemory(limit = Number.POSITIVE_INFINITY): void {
  const youngMb = youngRoom(limit);
  // The code of each template that was ever compiled would be kept, in case that it is compiled again.
  setFlagsFromString('--no-compilation-cache');
  setFlagsFromString(`--min-semi-space-size=${youngMb}`);
  setFlagsFromString(`--max-semi-space-size=${youngMb}`);
  // The main thread's, which was there before these flags, stays as it is.
  setFlagsFromString('--semi-space-growth-factor=1');
  // By how much, in percent, old objects may grow from one collection to the next; by default up to fourfold.
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--expose-gc');
}

/** In MB. @param limit of the process's memory, in bytes */
export function youngRoom(limit: number): number {
  return Math.max(LEAST_YOUNG_MB, Math.min(YOUNG_MB, Math.floor((limit * YOUNG_SHARE) / 2 ** 20)));
}

/**
 * Collects this thread's garbage, which takes some 10 ms. To be called when it is about to begin: V8 reckons from how much
 * is in use then when to collect the next time; without it, a heap may grow to many times as much before.
 */
export function collectGarbage(): void {
  const collect = runInNewContext('gc') as () => void;
  collect();
}
