import { dueAt } from './due.ts';
import type { Piece } from './piece.ts';
import { firstOwned, type Segment } from './segment.ts';

/** Walks through the hits that one lane owns, in order. */
export class HitCursor {
  /** The next own hit; Infinity when the plan known so far has none left. */
  hit: number = Number.POSITIVE_INFINITY;
  /** Run time at which it is due, in ms; Infinity when there is none. */
  dueAt: number = Number.POSITIVE_INFINITY;
  /** Whether it belongs to the warm-up. */
  warmup = false;

  readonly #owner: string;
  readonly #lane: number;
  #segments: readonly Segment[] = [];
  #segment: Segment | null = null;
  #piece: Piece | null = null;
  #floor: number;

  /**
   * @param owner the incarnation, @param lane index of the lane in it: together they find the stripe
   * @param floor where a lane goes on that was started anew
   */
  constructor(owner: string, lane: number, floor = 0) {
    this.#owner = owner;
    this.#lane = lane;
    this.#floor = floor;
  }

  /**
   * Every own hit below this index has been passed. It follows the hits that were passed and never the one that comes
   * next: a new plan may cut a segment short below that one, and divide the hits in between anew.
   */
  get floor(): number {
    return this.#floor;
  }

  /** Takes a new plan; hits already passed never come again. */
  follow(segments: readonly Segment[]): void {
    this.#segments = segments;
    this.#seek();
  }

  /** Leaves the present hit behind. */
  advance(): void {
    const segment = this.#segment!;
    this.#floor = this.hit + 1;
    this.hit += segment.stripes;
    if (segment.endHit !== null && this.hit >= segment.endHit) this.#seek();
    else this.#settle(segment, this.#piece!);
  }

  #seek(): void {
    for (const segment of this.#segments) {
      if (segment.endHit !== null && segment.endHit <= this.#floor) continue;
      const stripe = segment.owners[this.#owner]?.[this.#lane];
      const piece = segment.pieces[0];
      if (stripe === undefined || piece === undefined) continue;
      const hit = firstOwned(Math.max(this.#floor, segment.firstHit), segment.stripes, stripe);
      if (segment.endHit !== null && hit >= segment.endHit) continue;
      this.#segment = segment;
      this.hit = hit;
      this.#settle(segment, piece);
      return;
    }
    this.#segment = null;
    this.hit = Number.POSITIVE_INFINITY;
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  #settle(segment: Segment, from: Piece): void {
    let piece = from;
    if (piece.endHit !== null && this.hit >= piece.endHit) {
      piece = segment.pieces.find((next) => next.endHit === null || this.hit < next.endHit) ?? piece;
    }
    this.#piece = piece;
    this.dueAt = dueAt(piece, this.hit);
    this.warmup = this.hit < segment.warmupEndHit;
  }
}
