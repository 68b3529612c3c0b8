import type { ProtocolKind } from '../transport/protocol.ts';
import { parseHttpTarget } from './http-target.ts';
import { parseKafkaTarget } from './kafka-target.ts';
import { parseNsqTarget } from './nsq-target.ts';
import type { TargetParser } from './target.ts';

/** What reads the targets of each protocol. */
export const TARGET_PARSERS: Readonly<Record<ProtocolKind, TargetParser>> = {
  http: parseHttpTarget,
  kafka: parseKafkaTarget,
  nsq: parseNsqTarget,
};
