import type { LanePlan } from '../attack/lane.ts';
import type { RecordOptions } from '../coordinator/protocol.ts';
import type { TargetLines } from '../target/target-lines.ts';
import type { Content, LaneIdentity } from '../template/content.ts';
import type { Protocol } from '../transport/protocol.ts';

/** What a lane's thread is made with. */
export interface LaneSetup {
  /** The incarnation of the worker, and the lane's index in it. */
  owner: string;
  index: number;
  identity: LaneIdentity;
  content: Content;
  /** Where the lines of canned targets stand; null for templates. */
  lines: TargetLines | null;
  protocol: Protocol;
  warmupMs: number;
  windowMs: number;
  /** Spins before each hit instead of sleeping on a timer. */
  precise: boolean;
  records: RecordOptions | null;
  /** Name of the lane's series of records; one that starts again needs another. */
  attack: string;
  /** Whether to rehearse before it says that it is ready. */
  rehearse: boolean;
  /** Shared memory: `LaneBlock` and `LaneControl`. */
  block: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

export type ToLane =
  /** A plan; the first one begins the attack. */
  { type: 'follow'; version: number; plan: LanePlan } | { type: 'stop' };

export type FromLane =
  | { type: 'ready' }
  /** It cannot work, and why in words. */
  | { type: 'failed'; reason: string }
  | { type: 'followed'; version: number }
  | { type: 'window'; index: number; values: Float64Array }
  /** A target could not be rendered; told at most once a second. */
  | { type: 'templateFailed'; reason: string }
  | { type: 'finished' };
