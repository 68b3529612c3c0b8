import type { RunSpec } from './run-spec.ts';

/** Names of the Secrets that a test refers to, each once, in order: what a pod has to mount. */
export function secretsOf({ source, variables, protocol }: RunSpec): string[] {
  const names = new Set<string>();
  for (const item of source.from) if ('s3' in item && item.s3.secret !== null) names.add(item.s3.secret);
  for (const variable of variables) if ('secret' in variable) names.add(variable.secret.name);
  if (protocol.kind === 'kafka' && protocol.sasl !== null) names.add(protocol.sasl.secretName);
  if (protocol.kind === 'nsq' && protocol.auth !== null) names.add(protocol.auth.secret.name);
  return [...names].sort();
}
