import type { Behaviour } from './behaviour.ts';

/** What becomes of one request. */
export interface Fate {
  kind: 'answer' | 'fail' | 'truncate' | 'hang' | 'close';
  /** Until the answer, in ms; what hangs or is closed has none. */
  delayMs: number;
}

/** Draws fates in the shares of a behaviour. @param random evenly spread in [0, 1) */
export function drawFate(behaviour: Readonly<Behaviour>, random: () => number): Fate {
  const kind = drawKind(behaviour, random());
  if (kind === 'close' || kind === 'hang') return { kind, delayMs: 0 };
  const jitterMs = behaviour.jitterMs === 0 ? 0 : random() * behaviour.jitterMs;
  return { kind, delayMs: behaviour.latencyMs + jitterMs };
}

function drawKind(behaviour: Readonly<Behaviour>, draw: number): Fate['kind'] {
  let limit = behaviour.closeShare;
  if (draw < limit) return 'close';
  limit += behaviour.hangShare;
  if (draw < limit) return 'hang';
  limit += behaviour.truncateShare;
  if (draw < limit) return 'truncate';
  limit += behaviour.failShare;
  return draw < limit ? 'fail' : 'answer';
}

/** Mulberry32 (Tommy Ettinger): small, quick, and even enough to draw shares of requests. @param seed a 32-bit integer */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
