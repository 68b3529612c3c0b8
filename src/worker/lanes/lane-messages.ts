import type { HitSample } from '../../attack/hit-sample.ts';
import type { LanePlan } from '../../attack/lane.ts';
import type { RecordOptions } from '../../coordinator/protocol.ts';
import type { TargetLines } from '../../target/target-lines.ts';
import type { Content, LaneIdentity } from '../../template/content.ts';
import type { Protocol } from '../../transport/protocol.ts';

/** What a lane's thread is made with. */
export interface LaneSetup {
  /** The incarnation of the worker, and the lane's index in it. */
  owner: string;
  index: number;
  identity: LaneIdentity;
  set: LaneSet;
  /** How many labels there is room for. */
  labels: number;
  protocol: Protocol;
  /** Patterns of the hosts that may be sent to, see `AllowedHosts`; none: all. */
  allowedHosts: readonly string[];
  records: RecordOptions | null;
  /** How many of the run's hits are told whole in the end, at most. */
  samples: number;
  /** Name of the lane's series of records; one that starts again needs another. */
  attack: string;
  /** Whether to rehearse before it says that it is ready. */
  rehearse: boolean;
  /** Shared memory: `LaneBlock` and `LaneControl`. */
  block: SharedArrayBuffer;
  control: SharedArrayBuffer;
  /** Shared memory: `TopicBlock`, and the topics that have a row in it. */
  topics: SharedArrayBuffer;
  topicNames: readonly string[];
}

/** A set of templates or targets as lanes take it. */
export interface LaneSet {
  /** With the run's labels in place of its own. */
  content: Content;
  /** Where the lines of canned targets stand; null for templates. */
  lines: TargetLines | null;
}

/** What a lane works by. */
export interface LaneOrder {
  /** Numbers what the worker has told its lanes to follow: another has a higher one. */
  version: number;
  plan: LanePlan;
  /** Spins before each hit instead of sleeping on a timer. */
  precise: boolean;
}

export type ToLane =
  /** The first one begins the attack. */
  | ({ type: 'follow' } & LaneOrder)
  /** Get ready to send from another set, and go on meanwhile. */
  | { type: 'prepare'; set: LaneSet }
  /** Hits due from clock time `at` on, in ms, are made from the set of that digest, which it was told to prepare. */
  | { type: 'swap'; digest: string; at: number }
  | { type: 'stop' };

export type FromLane =
  | { type: 'ready' }
  /** It cannot work, and why in words. */
  | { type: 'failed'; reason: string }
  | { type: 'followed'; version: number }
  | { type: 'prepared'; digest: string }
  /** It cannot send from a set, and why in words; it goes on with the one before. */
  | { type: 'unusable'; digest: string; reason: string }
  /** From the instant that it was told on, it sends from this set. */
  | { type: 'swapped'; digest: string }
  | { type: 'window'; index: number; values: Float64Array }
  /** A target could not be rendered; told at most once a second. */
  | { type: 'templateFailed'; reason: string }
  /** The first message for a topic was sent. */
  | { type: 'topic'; name: string }
  | { type: 'finished'; samples: HitSample[] };
