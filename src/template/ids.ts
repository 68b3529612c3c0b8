import { randomFillSync } from 'node:crypto';
import { createRandom } from './random.ts';

/**
 * Identity, as opposed to data: never seeded, so that a repeated run, a restarted lane or another worker gives ids of
 * its own. Otherwise the target's own deduplication would swallow the test.
 */

/** Of a UUID as text, in characters. */
export const ID_LENGTH = 36;

const BYTES = 16;
/** How many are drawn at once. */
const DRAWN = 256;
const HEX = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''),
);
const DASH = 0x2d;

const drawn = new Uint8Array(BYTES * DRAWN);
let next = drawn.length;
const written = Buffer.alloc(ID_LENGTH);

/** A UUID of version 4 (RFC 9562 §5.4). */
export function newId(): string {
  writeNewId(written, 0);
  return written.toString('latin1');
}

/**
 * Writes a UUID of version 4 at `at`. That of Node is joined from twenty pieces, which makes whoever writes it, or a text
 * that it stands in, pay several times as much.
 */
export function writeNewId(bytes: Uint8Array, at: number): void {
  if (next === drawn.length) {
    randomFillSync(drawn);
    next = 0;
  }
  drawn[next + 6] = (drawn[next + 6]! & 0x0f) | 0x40;
  drawn[next + 8] = (drawn[next + 8]! & 0x3f) | 0x80;
  let to = at;
  for (let i = 0; i < BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) bytes[to++] = DASH;
    const byte = drawn[next++]!;
    bytes[to++] = HEX[2 * byte]!;
    bytes[to++] = HEX[2 * byte + 1]!;
  }
}

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PAIRS = Array.from(
  { length: 36 * 36 },
  (_, i) => CHARACTERS[Math.floor(i / 36)]! + CHARACTERS[i % 36]!,
);
const random = createRandom(null, { lane: 0, lanes: 1, replacement: 0 });

/** 20 lower-case letters and digits: 103 bits, for ids where a UUID would look out of place. */
export function newShortId(): string {
  let id = '';
  for (let i = 0; i < 10; i++) id += PAIRS[random.int(PAIRS.length)]!;
  return id;
}
