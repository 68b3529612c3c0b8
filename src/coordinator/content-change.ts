import type { Content } from '../template/content.ts';
import type { Member } from './member.ts';
import type { ContentOrder } from './protocol.ts';
import { RunLabels } from './run-labels.ts';
import type { TemplatesSnapshot } from './snapshot.ts';

/**
 * Which set of templates or targets a run sends from. Another one is first held ready by all workers, while they go on;
 * then the instant is named from which hits are made from it (`docs/decisions/0014-a-set-is-swapped-at-an-instant.md`).
 */
export class ContentChange {
  readonly #labels: RunLabels;
  #current: Content;
  /** Run time from which the current set holds, in ms. */
  #from = 0;
  #next: Content | null = null;
  #applied = 0;
  #refused = 0;
  #lastError = '';

  /** @param mostLabels how many labels the run may ever have */
  constructor(content: Content, mostLabels: number) {
    this.#current = content;
    this.#labels = new RunLabels(mostLabels);
    this.#labels.add(content.labels);
  }

  get current(): Content {
    return this.#current;
  }

  /** What is to become current; null: nothing. */
  get next(): Content | null {
    return this.#next;
  }

  get labels(): RunLabels {
    return this.#labels;
  }

  /** null: nobody should want it any more. */
  find(digest: string): Content | null {
    if (digest === this.#current.digest) return this.#current;
    return digest === this.#next?.digest ? this.#next : null;
  }

  /** Another set shall become current. What was to come before it will not. @returns false: nothing is different */
  offer(content: Content): boolean {
    this.#lastError = '';
    const known = this.#next ?? this.#current;
    if (content.digest === known.digest) return false;
    this.#next = content.digest === this.#current.digest ? null : content;
    this.#labels.add(content.labels);
    return true;
  }

  /** A set that should have become current cannot. @returns false: that is known already */
  refuse(reason: string): boolean {
    if (reason === this.#lastError) return false;
    this.#lastError = reason;
    this.#refused++;
    return true;
  }

  /** What stands in the way of a newer set, which is no fault of a set; empty: nothing any more. */
  trouble(reason: string): void {
    this.#lastError = reason;
  }

  /** Whether another set is held ready by all these members. */
  isReady(members: readonly Member[]): boolean {
    const digest = this.#next?.digest;
    return digest !== undefined && members.every(({ content }) => content.prepared === digest);
  }

  /** Names the run time, in ms, from which on the next set is the current one. @returns it: swaps follow one another */
  swap(runMs: number): number {
    this.#current = this.#next!;
    this.#from = this.#applied === 0 ? runMs : Math.max(runMs, this.#from + 1);
    this.#next = null;
    this.#applied++;
    return this.#from;
  }

  order(): ContentOrder {
    return {
      current: this.#current.digest,
      from: this.#from,
      next: this.#next?.digest ?? null,
      labels: this.#labels.names,
      mostLabels: this.#labels.most,
      refused: this.#refused,
    };
  }

  snapshot(members: readonly Member[]): TemplatesSnapshot {
    const { digest } = this.#current;
    const newest = [...new Map(members.map((member) => [member.worker.index, member])).values()];
    const live = newest.filter((member) => member.live);
    const sending = live.length > 0 ? live : newest;
    return {
      digest,
      updated: sending.filter(({ content }) => content.running === digest).length,
      of: sending.length,
      applied: this.#applied,
      refused: this.#refused,
      lastError: this.#lastError,
    };
  }
}
