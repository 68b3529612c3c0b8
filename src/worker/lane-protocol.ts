import type { Targeter } from '../attack/targeter.ts';
import { TARGET_PARSERS } from '../target/parsers.ts';
import type { Target, TargetParser } from '../target/target.ts';
import { createHttpTransport } from '../transport/http/http-transport.ts';
import { type Protocol, slotsOf } from '../transport/protocol.ts';
import type { Report, Transport } from '../transport/transport.ts';
import { rehearse } from './rehearsal.ts';

/** What a lane needs of its protocol. */
export interface LaneProtocol {
  readonly parse: TargetParser;
  /** Hits in flight at most. */
  readonly slots: number;
  readonly timeoutMs: number;
  /** @throws Error when the options cannot be used */
  readonly connect: (slots: number, report: Report) => Transport<Target>;
  /** See `rehearse`. @param targeter one that is thrown away @param labels how many labels it may name */
  readonly rehearse: (targeter: Targeter, labels: number) => Promise<void>;
}

export function laneProtocol(protocol: Protocol): LaneProtocol {
  return {
    parse: TARGET_PARSERS[protocol.kind],
    slots: slotsOf(protocol),
    timeoutMs: protocol.timeoutMs,
    connect: (slots, report) => createHttpTransport(protocol, slots, report),
    rehearse: (targeter, labels) => rehearse(targeter, labels, protocol),
  };
}
