import { FILES_HELP } from '../../src/cli/manifest/surroundings.ts';
import type { Data, Surroundings } from '../../src/source/surroundings.ts';
import type { EventOptions } from '../../src/template/content.ts';

/** What stands beside a test, with the words of `taz run`. */
export function surroundings(
  objects: { configMaps?: Record<string, Data>; secrets?: Record<string, Data> } = {},
): Surroundings {
  return {
    configMaps: new Map(Object.entries(objects.configMaps ?? {})),
    secrets: new Map(Object.entries(objects.secrets ?? {})),
    sets: new Map(),
    help: FILES_HELP,
  };
}

export const EVENTS: EventOptions = {
  reuse: 0,
  duplicates: 0,
  idField: 'messageId',
  seed: null,
  profiles: 10,
  pool: 16,
};
