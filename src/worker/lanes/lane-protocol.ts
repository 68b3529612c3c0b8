import type { Targeter } from '../../attack/targeter.ts';
import type { TopicBlock } from '../../metrics/topic-counts.ts';
import { AllowedHosts } from '../../target/allowed-hosts.ts';
import { guarded, TARGET_PARSERS } from '../../target/parsers.ts';
import type { Target, TargetParser } from '../../target/target.ts';
import { type Protocol, slotsOf } from '../../transport/protocol.ts';
import type { Report, Transport } from '../../transport/transport.ts';
import { rehearseHttp, rehearseMessages } from './rehearsal.ts';

/** What a lane needs of its protocol. */
export interface LaneProtocol {
  readonly parse: TargetParser;
  /** Hits in flight at most. */
  readonly slots: number;
  readonly timeoutMs: number;
  /** @throws Error when the options cannot be used */
  readonly connect: (slots: number, report: Report) => Transport<Target>;
  /** Makes the engine compile what is hot. @param targeter one that is thrown away @param labels how many it may name */
  readonly rehearse: (targeter: Targeter, labels: number) => Promise<void>;
}

/**
 * Loads the transport of a protocol, and none of the others.
 * @param topics where messages are counted by topic
 * @param allowedHosts patterns of the hosts that may be sent to; none: all
 */
export async function laneProtocol(
  protocol: Protocol,
  topics: TopicBlock,
  allowedHosts: readonly string[],
): Promise<LaneProtocol> {
  const hosts = new AllowedHosts(allowedHosts);
  const common = {
    parse: guarded(TARGET_PARSERS[protocol.kind], hosts),
    slots: slotsOf(protocol),
    timeoutMs: protocol.timeoutMs,
  };
  switch (protocol.kind) {
    case 'http': {
      const { createHttpTransport } = await import('../../transport/http/http-transport.ts');
      return {
        ...common,
        connect: (slots, report) => createHttpTransport(protocol, slots, report, hosts),
        rehearse: (targeter, labels) => rehearseHttp(targeter, labels, protocol),
      };
    }
    case 'kafka': {
      const { createKafkaTransport } = await import('../../transport/kafka/kafka-transport.ts');
      return {
        ...common,
        connect: (slots, report) => createKafkaTransport(protocol, slots, report, topics, hosts),
        rehearse: rehearseMessages,
      };
    }
    case 'nsq': {
      const { createNsqTransport } = await import('../../transport/nsq/nsq-transport.ts');
      return {
        ...common,
        connect: (slots, report) => createNsqTransport(protocol, slots, report, topics),
        rehearse: rehearseMessages,
      };
    }
  }
}
