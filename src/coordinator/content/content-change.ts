import type { Content } from '../../template/content.ts';
import type { Member } from '../crew/member.ts';
import type { ContentOrder } from '../protocol.ts';
import type { ContentCard, ContentRecord } from '../run-record.ts';
import type { TemplatesSnapshot } from '../snapshot.ts';
import { RunLabels } from './run-labels.ts';

/** What is to be known of a content besides its text. */
export function cardOf(content: Content): ContentCard {
  const { digest, kind } = content;
  return { digest, kind, hitLimit: content.kind === 'targets' && !content.loop ? content.count : null };
}

/**
 * Which set of templates or targets a run sends from. Another one is first held ready by all workers, while they go on;
 * then the instant is named from which hits are made from it (`docs/decisions/0014-a-set-is-swapped-at-an-instant.md`).
 */
export class ContentChange {
  readonly #labels: RunLabels;
  /** Texts by digest, of those sets that may still be asked for; some may be missing after a restart. */
  readonly #texts = new Map<string, Content>();
  /** null: there is none yet. */
  #current: ContentCard | null = null;
  /** Run time from which the current set holds, in ms. */
  #from = 0;
  #next: ContentCard | null = null;
  /** What becomes current once it is saved, and from which run time on; null: nothing. */
  #intent: { card: ContentCard; from: number } | null = null;
  #applied = 0;
  #refused = 0;
  #lastError = '';

  /** @param mostLabels how many labels the run may ever have */
  constructor(content: Content | null, mostLabels: number) {
    this.#labels = new RunLabels(mostLabels);
    if (content !== null) this.offer(content);
  }

  /** null: there is none yet. */
  get current(): ContentCard | null {
    return this.#current;
  }

  /** What is to become current; null: nothing. */
  get next(): ContentCard | null {
    return this.#next;
  }

  /** Digest of the newest set that is current or to come; null: there is none. */
  get known(): string | null {
    return (this.#next ?? this.#intent?.card ?? this.#current)?.digest ?? null;
  }

  get labels(): RunLabels {
    return this.#labels;
  }

  /** Why there is no newer set, in words; empty while nothing is wrong. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Digest of a set of which the text is missing; null: none. */
  get wanted(): string | null {
    const missing = this.#cards.find(({ digest }) => !this.#texts.has(digest));
    return missing?.digest ?? null;
  }

  /** null: nobody should want it any more. */
  find(digest: string): Content | null {
    return this.#texts.get(digest) ?? null;
  }

  /**
   * Another set shall become current; the first one is so at once. What was to come before it will not.
   * @returns false: nothing is different
   */
  offer(content: Content): boolean {
    this.#lastError = '';
    const card = cardOf(content);
    if (card.digest === this.known) return this.keep(content);
    this.#labels.add(content.labels);
    const coming = this.#intent?.card ?? this.#current;
    if (this.#current === null) this.#current = card;
    else this.#next = card.digest === coming?.digest ? null : card;
    this.#texts.set(card.digest, content);
    this.#forgetTexts();
    return true;
  }

  /** Takes the text of a set that is missing. @returns false: none of it is */
  keep(content: Content): boolean {
    const isMissing = this.#cards.some(({ digest }) => digest === content.digest);
    if (!isMissing || this.#texts.has(content.digest)) return false;
    this.#texts.set(content.digest, content);
    return true;
  }

  /** A set is lost: another takes its place as soon as there is one. Not for one that is about to be named. */
  forget(digest: string): void {
    if (this.#intent !== null) return;
    if (this.#next?.digest === digest) this.#next = null;
    if (this.#current?.digest === digest) {
      this.#current = this.#next;
      this.#next = null;
    }
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

  /**
   * Intends the run time, in ms, from which on the next set is the current one: swaps follow one another. Workers are to
   * hear of it once it is saved, see `swap`.
   */
  intend(runMs: number): void {
    this.#intent = {
      card: this.#next!,
      from: this.#applied === 0 ? runMs : Math.max(runMs, this.#from + 1),
    };
    this.#next = null;
  }

  /** What was intended is to come, as before. */
  drop(): void {
    if (this.#intent !== null) this.#next ??= this.#intent.card;
    this.#intent = null;
  }

  /** What was intended is current from its instant on. @returns whether anything was */
  swap(): boolean {
    if (this.#intent === null) return false;
    this.#current = this.#intent.card;
    this.#from = this.#intent.from;
    this.#intent = null;
    this.#applied++;
    this.#forgetTexts();
    return true;
  }

  order(): ContentOrder {
    return {
      current: this.#current?.digest ?? null,
      from: this.#from,
      next: (this.#intent?.card ?? this.#next)?.digest ?? null,
      labels: this.#labels.names,
      mostLabels: this.#labels.most,
      refused: this.#refused,
    };
  }

  /** With what is intended. */
  record(): ContentRecord {
    const intent = this.#intent;
    return {
      current: intent?.card ?? this.#current,
      from: intent?.from ?? this.#from,
      next: this.#next,
      labels: [...this.#labels.names],
      mostLabels: this.#labels.most,
      applied: this.#applied + (intent === null ? 0 : 1),
      refused: this.#refused,
      lastError: this.#lastError,
    };
  }

  /** @param content of which the text may be one of those that are missing */
  static of(record: ContentRecord, content: Content | null): ContentChange {
    const change = new ContentChange(null, record.mostLabels);
    change.#labels.add(record.labels);
    change.#current = record.current;
    change.#from = record.from;
    change.#next = record.next;
    change.#applied = record.applied;
    change.#refused = record.refused;
    change.#lastError = record.lastError;
    if (content !== null && (change.#current === null || !change.keep(content))) change.offer(content);
    return change;
  }

  snapshot(members: readonly Member[]): TemplatesSnapshot {
    const digest = this.#current?.digest ?? '';
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

  get #cards(): ContentCard[] {
    return [this.#current, this.#intent?.card, this.#next].filter(
      (card) => card !== null && card !== undefined,
    );
  }

  #forgetTexts(): void {
    const needed = new Set(this.#cards.map(({ digest }) => digest));
    for (const digest of this.#texts.keys()) if (!needed.has(digest)) this.#texts.delete(digest);
  }
}
