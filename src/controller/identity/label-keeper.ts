import type { Logger } from 'pino';
import { isKubeError } from '../../kube/errors.ts';
import { sleep } from '../../time/sleep.ts';
import type { LeaderLabel } from './leader-label.ts';

/** A service account without the right to label the pod is told once; so is a controller outside of the cluster. */
const RETRY_MS = 5_000;

export interface LabelKeeperOptions {
  label: Pick<LeaderLabel, 'take' | 'giveUp'>;
  log: Logger;
  /** This runs in a pod: one that is not there may yet be seen. */
  inPod: boolean;
}

/** Has the pod of the leader labelled for as long as it leads. */
export class LabelKeeper {
  readonly #options: LabelKeeperOptions;

  constructor(options: LabelKeeperOptions) {
    this.#options = options;
  }

  /** Tries until this pod is labelled, or `signal` is aborted. */
  async take(signal: AbortSignal): Promise<void> {
    const { label, log, inPod } = this.#options;
    for (let told = false; !signal.aborted; told = true) {
      try {
        return await label.take();
      } catch (error) {
        if (!told) log.warn({ error: String(error) }, 'this pod cannot be labelled as the one that leads');
        if (isKubeError(error, 'NotFound') && !inPod) return;
        await sleep(RETRY_MS, signal);
      }
    }
  }

  /** This pod leads no more. */
  async giveUp(): Promise<void> {
    try {
      await this.#options.label.giveUp();
    } catch (error) {
      this.#options.log.warn(
        { error: String(error) },
        'the label of the one that leads stays: the next one takes it away',
      );
    }
  }
}
