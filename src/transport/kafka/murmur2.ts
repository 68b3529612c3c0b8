const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** MurmurHash2 as Kafka's own producers use it: a key goes to partition `(murmur2(key) & 0x7fffffff) % partitions`. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  let h = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k = key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const left = length - at;
  if (left > 2) h ^= key[at + 2]! << 16;
  if (left > 1) h ^= key[at + 1]! << 8;
  if (left > 0) h = Math.imul(h ^ key[at]!, M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}
