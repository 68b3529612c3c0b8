/** The one source of time; passed in, so that tests can hold it. */
export interface Clock {
  /** Milliseconds, with a fraction, that never go back; the same for all threads of a process. */
  now(): number;
  /** Milliseconds since 1970 by the wall clock, for people and for the first estimate between machines. */
  wall(): number;
}

/** `performance.now()` counts from the start of its own thread; `hrtime` is common to all, so it sets the origin. */
const origin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = {
  now: () => origin + performance.now(),
  wall: () => Date.now(),
};
