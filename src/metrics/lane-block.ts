import { CountsBlock } from './counts.ts';
import { Tally } from './tally.ts';

/** The lane's own numbers, after the tally and the counters of the warm-up. */
const CURSOR = 0;
const HEARTBEAT = 1;
const STATE = 2;
const FIELDS = 3;

/** Everything one lane counts and says about itself, as views of one array. */
export class LaneValues {
  /** Length of the array for that many labels. */
  static size(labels: number): number {
    return Tally.size(labels) + CountsBlock.size + FIELDS;
  }

  readonly values: Float64Array;
  readonly tally: Tally;
  readonly warmup: CountsBlock;
  readonly #fields: Float64Array;

  /** @param values `LaneValues.size(labels)` long; left out: a new array of zeros */
  constructor(labels: number, values: Float64Array = new Float64Array(LaneValues.size(labels))) {
    if (values.length !== LaneValues.size(labels)) {
      throw new RangeError(
        `a lane of ${labels} labels has ${LaneValues.size(labels)} values, not ${values.length}`,
      );
    }
    const warmupAt = Tally.size(labels);
    const fieldsAt = warmupAt + CountsBlock.size;
    this.values = values;
    this.tally = new Tally(labels, values.subarray(0, warmupAt));
    this.warmup = new CountsBlock(values.subarray(warmupAt, fieldsAt));
    this.#fields = values.subarray(fieldsAt);
  }

  /** Each of the lane's hits below this index is decided; the hit itself while it is being rendered. */
  get cursor(): number {
    return this.#fields[CURSOR]!;
  }
  set cursor(hit: number) {
    this.#fields[CURSOR] = hit;
  }

  /** When the lane's loop last turned, in ms of the process's clock. */
  get heartbeat(): number {
    return this.#fields[HEARTBEAT]!;
  }
  set heartbeat(nowMs: number) {
    this.#fields[HEARTBEAT] = nowMs;
  }

  /** What the lane is doing, as a number of the lane's own. */
  get state(): number {
    return this.#fields[STATE]!;
  }
  set state(state: number) {
    this.#fields[STATE] = state;
  }
}

/** Header of the block: the sequence of publications, padded so that the doubles begin on a cache line of their own. */
const HEADER_BYTES = 64;
const SEQUENCE = 0;

/** A reader that is overtaken this often, each time by two whole publications, gives up. */
const TRIES = 8;

/**
 * Shared memory of one lane: `live`, which the lane alone writes, and two published copies of it.
 *
 * A seqlock over two slots: publication n goes into slot n mod 2 while the sequence stands at 2n − 1, and is whole when
 * it reaches 2n. A reader takes the last whole one and accepts it unless the lane has meanwhile begun to write the same
 * slot again, which is the publication after the next. So a reader waits for nobody, and a lane that was ended in the
 * middle of a publication leaves the one before it readable.
 *
 * The sequence is 32 bits and may wrap around: only differences count.
 */
export class LaneBlock {
  readonly labels: number;
  /** To be posted to the lane's thread, which makes a block of its own from it. */
  readonly buffer: SharedArrayBuffer;
  /** Written by the lane alone. Other threads may read single numbers of it, such as the heartbeat. */
  readonly live: LaneValues;
  readonly #sequence: Int32Array;
  readonly #slots: readonly [Float64Array, Float64Array];

  /** @param buffer another thread's block of as many labels; left out: a new one */
  constructor(labels: number, buffer?: SharedArrayBuffer) {
    const size = LaneValues.size(labels);
    const bytes = size * Float64Array.BYTES_PER_ELEMENT;
    const total = HEADER_BYTES + 3 * bytes;
    this.labels = labels;
    this.buffer = buffer ?? new SharedArrayBuffer(total);
    if (this.buffer.byteLength !== total) {
      throw new RangeError(`a block of ${labels} labels has ${total} bytes, not ${this.buffer.byteLength}`);
    }
    this.live = new LaneValues(labels, new Float64Array(this.buffer, HEADER_BYTES, size));
    this.#sequence = new Int32Array(this.buffer, 0, 1);
    this.#slots = [
      new Float64Array(this.buffer, HEADER_BYTES + bytes, size),
      new Float64Array(this.buffer, HEADER_BYTES + 2 * bytes, size),
    ];
  }

  /** Makes what was counted so far readable as a whole. By the lane's thread only, between two hits. */
  publish(): void {
    const publication = (Atomics.load(this.#sequence, SEQUENCE) >>> 1) + 1;
    const slot = this.#slots[publication & 1]!;
    // An exchange, not a store: what is written to the slot must not be seen before it.
    Atomics.exchange(this.#sequence, SEQUENCE, 2 * publication - 1);
    slot.set(this.live.values);
    Atomics.store(this.#sequence, SEQUENCE, 2 * publication);
  }

  /**
   * Copies the last publication; all zeros where there was none yet.
   *
   * @param into `LaneValues.size(labels)` long
   * @returns false: the lane publishes faster than this thread copies; `into` holds nothing of use
   */
  read(into: Float64Array): boolean {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const publication = Atomics.load(this.#sequence, SEQUENCE) >>> 1;
      into.set(this.#slots[publication & 1]!);
      // An exchange, not a load: no read of the copy must be moved behind it.
      const now = Atomics.compareExchange(this.#sequence, SEQUENCE, 0, 0);
      if (((now - 2 * publication) | 0) <= 2) return true;
    }
    return false;
  }
}
