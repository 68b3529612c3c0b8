import { createHash } from 'node:crypto';
import type { Client } from '../../kube/client.ts';
import { formatRate } from '../../units/rate.ts';
import type { TestIdentity } from '../children/owner.ts';
import { canonical } from '../run-key.ts';
import type { Settings } from '../settings.ts';
import type { Wanted } from '../wanted.ts';
import { Overlays } from './overlay.ts';
import { type WorkerDefaults, type WorkerTemplate, workerTemplate } from './worker-pod.ts';

/** What the pods of all runs have in common. */
export type PodDefaults = Pick<WorkerDefaults, 'imagePullPolicy' | 'imagePullSecrets'>;

export interface RunTemplatesOptions {
  client: Client;
  settings: () => Settings;
  defaults: PodDefaults;
  coordinatorUrl: () => string;
}

/** What the pods of a run are made from: the test's own template laid over Taz's, by the settings of this moment. */
export class RunTemplates {
  readonly #options: RunTemplatesOptions;
  readonly #overlays: Overlays;

  constructor(options: RunTemplatesOptions) {
    this.#options = options;
    this.#overlays = new Overlays(options.client);
  }

  /** @param run its id. @throws ProblemsError where the test's template is wrong; KubeError */
  async of(test: TestIdentity, run: string, applied: Wanted, image: string): Promise<WorkerTemplate> {
    const { defaults, coordinatorUrl, settings } = this.#options;
    const { maxRatePerTest, allowedHosts, workerResources } = settings();
    const { beside, template: overlay = null } = applied.loadtest.spec.workers;
    const base = workerTemplate({
      test,
      run,
      spec: applied.spec,
      beside: beside?.matchLabels ?? null,
      defaults: {
        ...defaults,
        coordinatorUrl: coordinatorUrl(),
        image,
        resources: workerResources,
        maxRate: maxRatePerTest === null ? null : formatRate(maxRatePerTest),
        allowedHosts,
      },
    });
    // How a worker sends is told when it starts: another way to send takes another worker.
    const protocol = createHash('sha256').update(canonical(applied.spec.protocol)).digest('hex').slice(0, 16);
    const annotations = { ...base.metadata.annotations, 'taz.dev/protocol': protocol };
    return this.#overlays.lay(test, { ...base, metadata: { ...base.metadata, annotations } }, overlay);
  }

  /** A test is there no more. */
  forget(uid: string): void {
    this.#overlays.forget(uid);
  }
}
