import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Holds down what V8 keeps of sets that were swapped out: by default it takes all the room it is given, step by step and
 * over minutes. To be called before any lane is started.
 */
export function boundMemory(): void {
  // The code of each template that was ever compiled would be kept, in case that it is compiled again.
  setFlagsFromString('--no-compilation-cache');
  // Room for young objects of a lane, in MB, of which half is in use. Rendering is no faster with more.
  setFlagsFromString('--min-semi-space-size=16');
  setFlagsFromString('--max-semi-space-size=16');
  // The main thread's, which was there before these flags, stays as it is.
  setFlagsFromString('--semi-space-growth-factor=1');
  // By how much, in percent, old objects may grow from one collection to the next; by default up to fourfold.
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--expose-gc');
}

/**
 * Collects this thread's garbage, which takes some 10 ms. To be called when it is about to begin: V8 reckons from how much
 * is in use then when to collect the next time; without it, a heap may grow to many times as much before.
 */
export function collectGarbage(): void {
  const collect = runInNewContext('gc') as () => void;
  collect();
}
