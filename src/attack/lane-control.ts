/**
 * Two instants that bound a lane, in shared memory: written by the worker's main thread, read before each send, so that
 * a bound holds even while the main thread is busy. Clock times in ms, Infinity for none.
 */
export class LaneControl {
  readonly buffer: SharedArrayBuffer;
  readonly #times: Float64Array;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
    this.#times = new Float64Array(this.buffer);
    if (buffer === undefined) this.#times.fill(Number.POSITIVE_INFINITY);
  }

  /** No hit due at or after this instant may be sent. */
  get fence(): number {
    return this.#times[0]!;
  }
  set fence(at: number) {
    this.#times[0] = at;
  }

  /** From this instant on nothing may be sent. */
  get leaseEnd(): number {
    return this.#times[1]!;
  }
  set leaseEnd(at: number) {
    this.#times[1] = at;
  }
}
