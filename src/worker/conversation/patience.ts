/** A leaving worker that hears nothing stops after this, in ms. */
const UNHEARD_MS = 5000;
/** Of the time from being asked to leave until it must be gone: what may pass before it stops, and gives up. */
const GRACE_TO_SEND = 0.6;
const GRACE_TO_SPEAK = 0.9;

export interface PatienceOptions {
  /** How long it tries to get a first answer, in ms. */
  firstAnswerMs: number;
  /** How long it tries to give its last word once it has ended, in ms. */
  lastWordMs: number;
  /** How long it may take from being asked to leave until it is gone, in ms; Infinity: as long as it takes. */
  graceMs: number;
}

/** What is known of a worker at one instant. Clock times in ms. */
export interface Waiting {
  now: number;
  /** When the coordinator is known to have heard of it last, or when it began. */
  answeredAt: number;
  /** It was told what to do. */
  isTold: boolean;
  /** When it had sent all that it will; null: it has not. */
  endedAt: number | null;
}

/** How long a worker waits for a first answer, for its last word to be saved, and for a successor once it is to leave. */
export class Patience {
  readonly #options: PatienceOptions;
  /** Clock time at which it was asked to leave, in ms; null: it was not. */
  #leavingSince: number | null = null;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** It is to leave. @param now clock time, in ms. @returns false: it was asked before */
  leave(now: number): boolean {
    if (this.#leavingSince !== null) return false;
    this.#leavingSince = now;
    return true;
  }

  /** Why it waits for a successor no longer and sends nothing more, in words; null: it does, or need not leave. */
  stopReason({ now, answeredAt }: Pick<Waiting, 'now' | 'answeredAt'>): string | null {
    const since = this.#leavingSince;
    if (since === null) return null;
    if (now - Math.max(since, answeredAt) > UNHEARD_MS) {
      return 'was asked to leave, and the coordinator gave no answer';
    }
    const isUp = now - since > this.#options.graceMs * GRACE_TO_SEND;
    return isUp ? 'was asked to leave, and its time is up' : null;
  }

  /** What it waits for no longer, and goes without, in words; null: it waits. */
  end({ now, answeredAt, isTold, endedAt }: Waiting): string | null {
    const { firstAnswerMs, lastWordMs, graceMs } = this.#options;
    const since = this.#leavingSince;
    const mustGo = since !== null && now - since > graceMs * GRACE_TO_SPEAK;
    const isUnsaved = endedAt !== null && now - endedAt > lastWordMs;
    if (mustGo || isUnsaved) return 'its last counts are not saved';
    return !isTold && now - answeredAt > firstAnswerMs ? 'the coordinator gave no answer' : null;
  }
}
