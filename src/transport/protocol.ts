import type { HttpOptions } from './transport.ts';

/** How a test sends, with the options of that way: one value, from the manifest to the lanes. */
export type Protocol = { kind: 'http' } & HttpOptions;

export type ProtocolKind = Protocol['kind'];

/** How many hits a lane may have in flight at once. */
export function slotsOf(protocol: Protocol): number {
  return protocol.connections;
}
