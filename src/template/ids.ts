import { randomUUID } from 'node:crypto';
import { createRandom } from './random.ts';

/**
 * Identity, as opposed to data: never seeded, so that a repeated run, a restarted lane or another worker gives ids of
 * its own. Otherwise the target's own deduplication would swallow the test.
 */

/** A UUID of version 4. */
export function newId(): string {
  // 0.1–0.2 µs: Node keeps 128 of them in advance. A batch of our own with hex tables measured slower.
  return randomUUID();
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
