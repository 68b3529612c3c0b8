import { failureName, LOCAL, SUCCEEDED } from '../metrics/outcome.ts';
import { type HitSample, KeptSamples } from './hit-sample.ts';
import type { HitRecord } from './record.ts';

/** The most characters of each that are kept. */
const MOST_METHOD = 40;
const MOST_URL = 300;
const MOST_ERROR = 200;

export interface SamplerOptions {
  /** How many hits are chosen in the end, at most: over 0. */
  most: number;
  /** A number from 0 up to but not including 1. */
  random: () => number;
  /** Takes secrets out of a text. */
  mask: (text: string) => string;
}

/** Keeps a few of the finished hits of one lane, in memory of a fixed size: for most hits it costs one random number. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #kept: KeptSamples;
  /** Of the hit that `wants` was asked for. */
  #draw = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#kept = new KeptSamples(options.most);
  }

  get kept(): HitSample[] {
    return this.#kept.all;
  }

  /** Whether that hit is to be taken: to be asked once for each. @param outcome as in `HitRecord` */
  wants(outcome: number, serviceMs: number): boolean {
    // It was never sent, and counts as dropped.
    if (outcome === LOCAL) return false;
    this.#draw = this.#options.random();
    return this.#kept.wants(kindOf(outcome), this.#draw, serviceMs);
  }

  /** Takes the hit that `wants` was asked for last. */
  take(record: HitRecord): void {
    const { mask } = this.#options;
    const { hit, label, method, url, outcome, status, error, sentAtWall, serviceMs, lagMs } = record;
    this.#kept.add({
      draw: this.#draw,
      kind: kindOf(outcome),
      hit,
      label,
      method: cut(method, MOST_METHOD),
      url: cut(withoutQuery(mask(url)), MOST_URL),
      outcome: nameOf(outcome),
      status,
      error: cut(mask(error), MOST_ERROR),
      sentAtWall,
      serviceMs,
      lagMs,
    });
  }
}

function kindOf(outcome: number): HitSample['kind'] {
  if (outcome === SUCCEEDED) return 'succeeded';
  return outcome > SUCCEEDED ? 'failed' : 'other';
}

function nameOf(outcome: number): string {
  if (outcome === SUCCEEDED) return 'succeeded';
  return outcome > SUCCEEDED ? failureName(outcome) : 'interrupted';
}

/** Queries hold keys and tokens, and who is to see a result is not always who may see those. What is masked has none. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : `${url.slice(0, at)}?…`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
