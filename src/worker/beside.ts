import type { SyncResponse } from '../coordinator/protocol.ts';
import type { Content } from '../template/content.ts';
import type { Protocol } from '../transport/protocol.ts';

/** What a worker has and does beside its own work, where the coordinator stands in another pod. */
export interface Beside {
  /** Puts the values of secrets into content. @throws Error in words while one is not there */
  complete(content: Content): Promise<Content>;
  /** Puts logins into the options of a protocol. @throws Error in words while one is not there */
  logIn(protocol: Protocol): Promise<Protocol>;
  /** The coordinator wants something found. @param held gives a set that this worker has, by digest */
  hear(response: Pick<SyncResponse, 'scouting' | 'wanted'>, held: (digest: string) => Content | null): void;
  /** The worker has ended. */
  end(): void;
}

/** On one machine, the coordinator itself has looked for everything. */
export const NOTHING_BESIDE: Beside = {
  complete: async (content) => content,
  logIn: async (protocol) => protocol,
  hear: () => {},
  end: () => {},
};
