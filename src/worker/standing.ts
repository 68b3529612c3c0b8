import type { SyncRequest } from '../coordinator/protocol.ts';

/** How a worker has ended. */
export interface WorkerEnd {
  /** The exit code of the process: 0 when its last word is saved and it has not failed. */
  code: number;
  /** In words. */
  reason: string;
}

/** How a worker stands: its state as it tells it, what it waits for, and why it sends no more. Reasons are in words. */
export class Standing {
  #state: SyncRequest['state'] = 'starting';
  /** What people should know; empty: nothing. */
  #problem = '';
  /** What it waits for before it can go on; empty: nothing. */
  #waiting = '';
  /** Why it cannot go on; empty while it can. */
  #failure = '';
  /** Why it sends no more; empty while it does, or would. */
  #stopReason = '';
  #endedAt: number | null = null;

  get state(): SyncRequest['state'] {
    return this.#state;
  }

  /** It has lanes that could attack. */
  get isAble(): boolean {
    return this.#state === 'ready' || this.#state === 'running' || this.#state === 'leaving';
  }

  /** It sends nothing more, and has told all. */
  get isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  /** What is wrong, or is waited for; empty: nothing. */
  get problem(): string {
    return this.#problem || this.#waiting;
  }

  /** Whether something is wrong that ends it. */
  get isTroubled(): boolean {
    return this.#problem !== '';
  }

  get failure(): string {
    return this.#failure;
  }

  get stopReason(): string {
    return this.#stopReason;
  }

  /** Clock time in ms; null: it is not over. */
  get endedAt(): number | null {
    return this.#endedAt;
  }

  /** How it ends when its last word is saved. */
  get end(): WorkerEnd {
    return { code: this.#state === 'failed' ? 1 : 0, reason: this.#failure || this.#stopReason };
  }

  /** Its lanes can begin. */
  getReady(): void {
    this.#state = 'ready';
  }

  /** The start is named. @returns false: it was known, or it is leaving */
  begin(): boolean {
    if (this.#state !== 'ready') return false;
    this.#state = 'running';
    return true;
  }

  /** Wants a successor. @returns false: it has no share that another could take over */
  leave(): boolean {
    // The start may be named already, and hits given to it, before it hears of that.
    if (this.#state !== 'ready' && this.#state !== 'running') return false;
    this.#state = 'leaving';
    return true;
  }

  /** @param reason what it waits for; empty: no more. @returns false: that is known */
  wait(reason: string): boolean {
    if (reason === this.#waiting) return false;
    this.#waiting = reason;
    return true;
  }

  /** It is to send nothing more; the first reason stays. */
  stop(reason: string): void {
    this.#stopReason ||= reason;
  }

  /** It stops by itself, which people should know. */
  stopAlone(reason: string): void {
    this.#problem = reason;
    this.stop(reason);
  }

  /** It cannot go on. @returns false: that was so before */
  fail(reason: string): boolean {
    if (this.#failure !== '') return false;
    this.#failure = reason;
    this.stopAlone(reason);
    return true;
  }

  /** All its lanes have finished. @param now clock time, in ms */
  finish(now: number): void {
    this.#state = this.#failure === '' ? 'ended' : 'failed';
    this.#endedAt = now;
    this.stop('its part of the schedule is done');
  }
}
