/** Writes numbers and bytes one after another into memory that grows. Numbers are big-endian. */
export class ByteWriter {
  #bytes: Buffer;
  /** Where the next byte goes. */
  at = 0;

  /** @param size how many bytes are expected */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  /** What was written so far, without a copy. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.at);
  }

  /** Makes room for so many bytes more: the `put…` methods that follow need it. */
  reserve(length: number): void {
    const needed = this.at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.at);
    this.#bytes = larger;
  }

  putInt8(value: number): void {
    this.#bytes[this.at++] = value;
  }

  putInt16(value: number): void {
    this.at = this.#bytes.writeInt16BE(value, this.at);
  }

  putInt32(value: number): void {
    this.at = this.#bytes.writeInt32BE(value, this.at);
  }

  putUInt32(value: number): void {
    this.at = this.#bytes.writeUInt32BE(value, this.at);
  }

  /** @param value at most 2⁵³ − 1 either way */
  putInt64(value: number): void {
    this.putInt32(Math.floor(value / 2 ** 32));
    this.putInt32(value | 0);
  }

  putBigInt64(value: bigint): void {
    this.at = this.#bytes.writeBigInt64BE(value, this.at);
  }

  /** A signed number in zigzag form, seven bits a byte: 1 to 8 bytes. @param value at most 2⁵² either way */
  putVarint(value: number): void {
    let left = value < 0 ? -2 * value - 1 : 2 * value;
    while (left > 0x7fffffff) {
      this.#bytes[this.at++] = (left % 128) | 128;
      left = Math.floor(left / 128);
    }
    while (left > 127) {
      this.#bytes[this.at++] = (left & 127) | 128;
      left >>>= 7;
    }
    this.#bytes[this.at++] = left;
  }

  putBytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A text behind its length in two bytes. */
  putString(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length + 2);
    this.putInt16(length);
    this.putText(text, length);
  }

  /** @param length its bytes in UTF-8 */
  putText(text: string, length: number): void {
    this.#bytes.write(text, this.at, length, 'utf8');
    this.at += length;
  }

  setInt32(at: number, value: number): void {
    this.#bytes.writeInt32BE(value, at);
  }

  setUInt32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }
}

/** How many bytes `putVarint` takes. */
export function varintSize(value: number): number {
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (left > 127) {
    left = Math.floor(left / 128);
    size++;
  }
  return size;
}
