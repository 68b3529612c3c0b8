/**
 * A 64-bit hash in two halves, after cyrb53 (bryc): two 32-bit lanes of multiplications, mixed at the end. Not for
 * secrets. Feeding is incremental, so one hash may cover a body and a key; among five million values the chance that
 * any two collide is below one in a million.
 */
export class Hash64 {
  low = 0;
  high = 0;

  /** Starts again. */
  reset(): this {
    this.low = 0xdeadbeef;
    this.high = 0x41c6ce57;
    return this;
  }

  text(text: string): this {
    let { low, high } = this;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
    }
    return this.#mix(low, high, text.length);
  }

  bytes(bytes: Uint8Array): this {
    let { low, high } = this;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      low = Math.imul(low ^ byte, 0x9e3779b1);
      high = Math.imul(high ^ byte, 0x5f356495);
    }
    return this.#mix(low, high, bytes.length);
  }

  /** Mixes each part's length in, so that the border between two parts counts. */
  #mix(low: number, high: number, length: number): this {
    low ^= length;
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    this.low = low >>> 0;
    this.high = high >>> 0;
    return this;
  }
}
