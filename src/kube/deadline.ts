/** Why work under a deadline was ended from outside. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`no answer within ${afterMs / 1000} s`);
    this.afterMs = afterMs;
  }
}

/**
 * Does work that ends when `signal` is aborted or time is up, whichever is first. (`AbortSignal.any` would keep a
 * listener on a long-lived signal for each call.)
 * @param work is given a signal whose reason is a DeadlineError when time is up
 */
export async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const both = new AbortController();
  const forward = (): void => both.abort(signal?.reason);
  const timer = setTimeout(() => both.abort(new DeadlineError(timeoutMs)), timeoutMs);
  signal?.addEventListener('abort', forward, { once: true });
  try {
    return await work(both.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

/** Waits; ends early when `signal` is aborted. @returns whether the time has passed */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const end = (passed: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      resolve(passed);
    };
    const aborted = (): void => end(false);
    const timer = setTimeout(() => end(true), ms);
    signal.addEventListener('abort', aborted, { once: true });
  });
}
