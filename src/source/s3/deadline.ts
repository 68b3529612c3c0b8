/** The time for something was used up. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`took more than ${limitMs / 1000} s`);
    this.limitMs = limitMs;
  }
}

/**
 * Does something that has to be done within `limitMs`. The signal that it is given is aborted at the deadline, and
 * when `signal` is.
 * @throws DeadlineError; the reason of `signal`; what `work` throws
 */
export async function withDeadline<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const onAbort = (): void => end(signal.reason);
  const timer = setTimeout(() => end(new DeadlineError(limitMs)), limitMs);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
