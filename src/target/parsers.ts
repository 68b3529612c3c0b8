import type { ProtocolKind } from '../transport/protocol.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { parseHttpTarget } from './http-target.ts';
import { parseKafkaTarget } from './kafka-target.ts';
import { parseNsqTarget } from './nsq-target.ts';
import type { Target, TargetParser } from './target.ts';

/** What reads the targets of each protocol. */
export const TARGET_PARSERS: Readonly<Record<ProtocolKind, TargetParser>> = {
  http: parseHttpTarget,
  kafka: parseKafkaTarget,
  nsq: parseNsqTarget,
};

/** Reads only targets for hosts that may be sent to. */
export function guarded(parse: TargetParser, hosts: AllowedHosts): TargetParser {
  if (hosts.all) return parse;
  return (json, bodies) => {
    const target: Target = parse(json, bodies);
    if ('origin' in target) hosts.checkOrigin(target.origin);
    else hosts.checkAddress(target.addr);
    return target;
  };
}
