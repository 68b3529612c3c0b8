import { createHash } from 'node:crypto';
import type { RunSpec } from '../api/run-spec.ts';
import type { ScoutingOrder } from '../coordinator/protocol.ts';
import { canonical } from './run-key.ts';

/** Key to text, of a ConfigMap. */
export type Data = Readonly<Record<string, string>>;

/** Names of the ConfigMaps that a test refers to, each once. */
export function configMapsOf({ source, variables }: RunSpec): string[] {
  const names = new Set<string>();
  for (const item of source.from) if ('configMap' in item) names.add(item.configMap.name);
  for (const variable of variables) if ('configMap' in variable) names.add(variable.configMap.name);
  return [...names].sort();
}

/** What the scouting worker of a run is told. @param known digest of the set that is current; null: none yet */
export function scoutingOrder(
  spec: RunSpec,
  configMaps: Record<string, Data>,
  key: string,
  known: string | null,
): ScoutingOrder {
  const { source, variables, events } = spec;
  const order = { source, variables, events, protocol: spec.protocol.kind, configMaps };
  const digest = createHash('sha256').update(key).update(canonical(order)).digest('hex');
  return { ...order, digest, key, known };
}
