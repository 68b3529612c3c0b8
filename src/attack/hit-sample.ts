import { Lowest } from './lowest.ts';

/** The most hits of a run that are chosen: each worker of a run tells of up to three times as many. */
export const MOST_SAMPLES = 100;

/** One hit of the main part as people are shown it: without headers and bodies, and without secrets. */
export interface HitSample {
  /** Random, from 0 up to but not including 1: those that have the least of all hits are a fair choice of them. */
  draw: number;
  /** `other` is neither: it was interrupted. */
  kind: 'succeeded' | 'failed' | 'other';
  /** Index of the hit in the run's schedule. */
  hit: number;
  /** Index into the run's labels. */
  label: number;
  method: string;
  url: string;
  /** `succeeded`, `interrupted` or the class of failure. */
  outcome: string;
  /** HTTP status, 0 where none came. */
  status: number;
  error: string;
  /** Wall clock at which it was sent, in ms since 1970 with a fraction. */
  sentAtWall: number;
  serviceMs: number;
  /** Sent minus due. */
  lagMs: number;
}

/** Why a hit was chosen: among the failed ones, as one of the slowest that succeeded, or among all others. */
export type SampleReason = 'failed' | 'slow' | 'ordinary';

export interface ChosenSample {
  sample: HitSample;
  chosen: SampleReason;
}

/**
 * What may be chosen in the end of the hits seen so far. Of any parts of a run, what each keeps holds what the whole would
 * choose: so lanes, workers and coordinator may keep each on its own.
 */
export class KeptSamples {
  readonly #most: number;
  readonly #failed: Lowest<HitSample>;
  readonly #slow: Lowest<HitSample>;
  readonly #ordinary: Lowest<HitSample>;

  /** @param most how many are chosen in the end, at most */
  constructor(most: number) {
    this.#most = most;
    this.#failed = new Lowest(most);
    this.#slow = new Lowest(shareOf(most));
    this.#ordinary = new Lowest(most);
  }

  /** Whether such a hit would be kept. */
  wants(kind: HitSample['kind'], draw: number, serviceMs: number): boolean {
    if (kind === 'failed') return draw < this.#failed.bound;
    return draw < this.#ordinary.bound || (kind === 'succeeded' && -serviceMs < this.#slow.bound);
  }

  add(sample: HitSample): void {
    const { kind, draw, serviceMs } = sample;
    if (kind === 'failed') return this.#failed.add(draw, sample);
    this.#ordinary.add(draw, sample);
    if (kind === 'succeeded') this.#slow.add(-serviceMs, sample);
  }

  /** All that is kept, each once; in no order. */
  get all(): HitSample[] {
    return [...new Set([...this.#failed.items, ...this.#slow.items, ...this.#ordinary.items])];
  }

  /**
   * A third each of failed, slow and ordinary hits, and what one of them lacks of the others; in the order of sending.
   */
  choose(): ChosenSample[] {
    const most = this.#most;
    const share = shareOf(most);
    const failed = byDraw(this.#failed.items);
    const slow = [...this.#slow.items].sort((a, b) => b.serviceMs - a.serviceMs);
    const chosen: ChosenSample[] = [];
    const choose = (samples: HitSample[], reason: SampleReason): void => {
      const room = most - chosen.length;
      chosen.push(...samples.slice(0, room).map((sample) => ({ sample, chosen: reason })));
    };
    choose(failed.slice(0, share), 'failed');
    choose(slow, 'slow');
    const already = new Set(chosen.map(({ sample }) => sample));
    choose(byDraw(this.#ordinary.items.filter((sample) => !already.has(sample))), 'ordinary');
    choose(failed.slice(share), 'failed');
    return chosen.sort((a, b) => a.sample.sentAtWall - b.sample.sentAtWall);
  }
}

/** @param parts what parts of a run have kept. @param most how many are chosen at most */
export function chooseSamples(parts: Iterable<readonly HitSample[]>, most: number): ChosenSample[] {
  const kept = new KeptSamples(most);
  for (const part of parts) for (const sample of part) kept.add(sample);
  return kept.choose();
}

function shareOf(most: number): number {
  return Math.ceil(most / 3);
}

function byDraw(samples: readonly HitSample[]): HitSample[] {
  return [...samples].sort((a, b) => a.draw - b.draw);
}
