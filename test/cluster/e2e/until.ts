import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer.
 * @param what is waited for, in words
 * @param ask null, undefined or false: not yet. What it throws counts as not yet, and is told at the deadline
 * @param state what there is instead, asked at the deadline
 * @throws Error at the deadline
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  withinMs = 60_000,
  state: () => Promise<string> | string = () => '',
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    let failure = '';
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${withinMs / 1000} s: ${what}${failure}\n${await state()}`);
    }
    await sleep(100);
  }
}
