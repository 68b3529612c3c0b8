import type { Logger } from 'pino';
import type { Summary } from '../report/summary.ts';
import { sleep } from '../time/sleep.ts';
import { type RunConfigMap, RunDataError } from './children/run-config-map.ts';
import { RESULT_KEY, RUN_KEY } from './kept-run.ts';
import { resultTexts } from './result-texts.ts';

/** How a summary is tried to be kept, in ms. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

export interface ResultKeeperOptions {
  log: Logger;
  /** Aborted when this process leads no more: the next leader keeps it. */
  signal: AbortSignal;
}

/** Keeps what has become of a run, in the place of its record. */
export class ResultKeeper {
  readonly #options: ResultKeeperOptions;

  constructor(options: ResultKeeperOptions) {
    this.#options = options;
  }

  /** Tries until it is kept, or nobody wants it any more. */
  async keep(memory: Pick<RunConfigMap, 'save'>, summary: Summary, isWanted: () => boolean): Promise<void> {
    const { signal, log } = this.#options;
    for (
      let waitMs = FIRST_RETRY_MS;
      isWanted() && !signal.aborted;
      waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)
    ) {
      try {
        return await save(memory, summary);
      } catch (error) {
        log.warn({ error: String(error) }, 'the result of a run cannot be kept yet');
        await sleep(waitMs, signal);
      }
    }
  }
}

/** With as much of it as there is room for. @throws KubeError, RunDataError */
async function save(memory: Pick<RunConfigMap, 'save'>, summary: Summary): Promise<void> {
  let tooLarge: unknown;
  for (const text of resultTexts(summary)) {
    try {
      return await memory.save({ [RESULT_KEY]: text, [RUN_KEY]: null });
    } catch (error) {
      if (!(error instanceof RunDataError)) throw error;
      tooLarge = error;
    }
  }
  throw tooLarge;
}
