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
