import type { Verdict } from '../../stop/verdict.ts';
import type { RunRecord } from '../run-record.ts';
import type { RunSnapshot } from '../snapshot.ts';

/** Why a run ends. */
export interface Ending {
  verdict: Verdict;
  /** In words. */
  reason: string;
}

/** How far a run has come: its phase, and why it ends. Clock times in ms. */
export class Life {
  #createdAt: number;
  #hasBegun = false;
  #ending: (Ending & { at: number }) | null = null;
  #finishedAt: number | null = null;

  /** @param now clock time, in ms */
  constructor(now: number) {
    this.#createdAt = now;
  }

  get phase(): RunSnapshot['phase'] {
    if (this.#finishedAt !== null) return 'Ended';
    if (this.#ending !== null) return 'Draining';
    return this.#hasBegun ? 'Running' : 'Preparing';
  }

  /** null: it goes on. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** From when on its workers are awaited. */
  get createdAt(): number {
    return this.#createdAt;
  }

  /** When its ending was decided; null: it goes on. */
  get stoppedAt(): number | null {
    return this.#ending?.at ?? null;
  }

  /** When all was over; null before. */
  get finishedAt(): number | null {
    return this.#finishedAt;
  }

  /** Its first workers are started now. */
  create(now: number): void {
    this.#createdAt = now;
  }

  /** Its start is named. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** @returns false: it has an ending, which stays */
  stop({ verdict, reason }: Ending, now: number): boolean {
    if (this.#ending !== null) return false;
    this.#ending = { verdict, reason, at: now };
    return true;
  }

  /** All is over. */
  finish(now: number): void {
    this.#finishedAt = now;
  }

  /** @param wallOffset wall clock minus clock, in ms */
  record(wallOffset: number): Pick<RunRecord, 'createdAt' | 'verdict' | 'finishedAt'> {
    const ending = this.#ending;
    return {
      createdAt: this.#createdAt + wallOffset,
      verdict: ending && {
        verdict: ending.verdict,
        reason: ending.reason,
        stoppedAt: ending.at + wallOffset,
      },
      finishedAt: this.#finishedAt === null ? null : this.#finishedAt + wallOffset,
    };
  }

  /** As an earlier coordinator left it; one that had come to its end comes to it once more. */
  restore({ createdAt, verdict }: Pick<RunRecord, 'createdAt' | 'verdict'>, wallOffset: number): void {
    this.#createdAt = createdAt - wallOffset;
    if (verdict !== null) this.stop(verdict, verdict.stoppedAt - wallOffset);
  }
}
