import type { Logger } from 'pino';
import type { ConfigMap } from '../kube/resources.ts';
import type { ScopedStore } from './scoped-store.ts';
import { NO_LIMITS, readSettings, type Settings } from './settings.ts';

export interface CurrentSettingsOptions {
  log: Logger;
  store: Pick<ScopedStore<ConfigMap>, 'get'>;
  /** Of the ConfigMap that they stand in. */
  place: { namespace: string; name: string };
}

/** The settings of the cluster as they hold at this moment. */
export class CurrentSettings {
  readonly #options: CurrentSettingsOptions;
  #now: Settings = NO_LIMITS;
  /** The last that could be read to the end; null: there were none yet. */
  #good: Settings | null = null;

  constructor(options: CurrentSettingsOptions) {
    this.#options = options;
  }

  /** No limits before they were read. */
  get now(): Settings {
    return this.#now;
  }

  /** Reads them again, and tells of it. */
  read(): void {
    const { log, store, place } = this.#options;
    this.#now = readSettings(store.get(`${place.namespace}/${place.name}`)?.data, this.#good);
    const { killSwitch, wrong } = this.#now;
    if (wrong === '') {
      this.#good = this.#now;
      log.info({ killSwitch }, 'the settings were read');
    } else {
      const holds = this.#good === null ? 'nothing is sent' : 'what was right before holds';
      log.error({ configMap: place.name, killSwitch, wrong }, `the settings are wrong: ${holds}`);
    }
  }
}
