/** The time for something was used up. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
    this.limitMs = limitMs;
  }
}

/**
 * Does something that has to be done within `limitMs`, whether it heeds its signal or not. (`AbortSignal.any` would keep
 * a listener on a long-lived signal for each call.)
 * @param work is given a signal that is aborted at the deadline, and when `signal` is
 * @throws DeadlineError; the reason of `signal`; what `work` throws
 */
export async function withDeadline<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const forward = (): void => end(signal?.reason);
  const timer = setTimeout(() => end(new DeadlineError(limitMs)), limitMs);
  signal?.addEventListener('abort', forward, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}
