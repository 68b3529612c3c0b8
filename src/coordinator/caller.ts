import { timingSafeEqual } from 'node:crypto';
import type { Content } from '../template/content.ts';
import type { Finding, ScoutingOrder, SyncRequest, SyncResponse } from './protocol.ts';
import type { PoolWorker } from './worker-pool.ts';

/** A worker that calls, known by what it has shown, with all that it may ask for: its own run. */
export interface Caller {
  /** Id of its run. */
  run: string;
  /** Which worker it is; null: any of its run. */
  worker: PoolWorker | null;
  sync(request: SyncRequest): Promise<SyncResponse>;
  /** null: there is none of that digest. */
  content(digest: string): Content | null;
  /** null: there is none of that digest. */
  scouting(digest: string): ScoutingOrder | null;
  finding(finding: Finding): void;
}

/**
 * Who calls with that `Authorization` header; null: nobody who is known here.
 * @throws NotServing when this process coordinates nothing, or not yet
 */
export type CallerOf = (authorization: string) => Promise<Caller | null>;

/** One caller, who shows a token that nobody else has. */
export function callerWith(token: string, caller: Caller): CallerOf {
  const expected = Buffer.from(`Bearer ${token}`);
  return (authorization) => {
    const given = Buffer.from(authorization);
    const isKnown = given.length === expected.length && timingSafeEqual(given, expected);
    return Promise.resolve(isKnown ? caller : null);
  };
}
