/** NSQ's protocol V2, as far as a producer speaks it. All numbers are big-endian. */

/** What a connection begins with. */
export const MAGIC: Buffer = Buffer.from('  V2');
export const NOP: Buffer = Buffer.from('NOP\n');

/** Types of frames. */
export const RESPONSE = 0;
export const ERROR = 1;

const HEAD_BYTES = 8;
/** No answer to a producer is nearly as large. */
const MAX_FRAME_BYTES = 1024 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** A command with a body: its line, the length of the body in four bytes, the body. */
export function command(line: string, body: Uint8Array): Buffer {
  const head = Buffer.byteLength(line) + 1;
  const bytes = Buffer.allocUnsafeSlow(head + 4 + body.length);
  bytes.write(`${line}\n`);
  bytes.writeInt32BE(body.length, head);
  bytes.set(body, head + 4);
  return bytes;
}

/** Several messages for one topic: `MPUB topic`, length, count, and each message behind its length. */
export function mpub(topic: string, messages: readonly Uint8Array[]): Buffer {
  const line = `MPUB ${topic}\n`;
  const length = messages.reduce((sum, message) => sum + 4 + message.length, 4);
  const bytes = Buffer.allocUnsafeSlow(line.length + 4 + length);
  let at = bytes.write(line);
  at = bytes.writeInt32BE(length, at);
  at = bytes.writeInt32BE(messages.length, at);
  for (const message of messages) {
    at = bytes.writeInt32BE(message.length, at);
    bytes.set(message, at);
    at += message.length;
  }
  return bytes;
}

/** Puts frames together out of chunks: `length i32 · type i32 · data`, the length without itself. */
export class FrameReader {
  #rest: Buffer = NOTHING;

  /** @param onFrame called for each frame that is whole @returns false when what comes is no frame */
  read(chunk: Buffer, onFrame: (type: number, data: Buffer) => void): boolean {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEAD_BYTES) {
      const length = bytes.readInt32BE(0);
      if (length < 4 || length > MAX_FRAME_BYTES) return false;
      if (bytes.length < 4 + length) break;
      onFrame(bytes.readInt32BE(4), bytes.subarray(HEAD_BYTES, 4 + length));
      bytes = bytes.subarray(4 + length);
    }
    this.#rest = bytes.length === 0 ? NOTHING : bytes;
    return true;
  }
}
