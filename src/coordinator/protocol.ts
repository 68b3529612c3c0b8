import type { SourceSpec, StopSpec, VariableSpec } from '../api/run-spec.ts';
import type { HitSample } from '../attack/hit-sample.ts';
import type { Segment } from '../attack/schedule/segment.ts';
import type { VectorDelta } from '../metrics/vector-codec.ts';
import type { Content, EventOptions } from '../template/content.ts';
import type { Protocol, ProtocolKind } from '../transport/protocol.ts';

/**
 * Workers ask, the coordinator answers: *here is my state; what should I be doing?* Every message may be lost,
 * repeated or late: counts are cumulative, assignments are whole and carry a version.
 */

/** Paths of the coordinator's HTTP server. Each call carries `Authorization: Bearer …`. */
export const SYNC_PATH = '/v1/sync';
/** With the digest of a set behind it: its text. */
export const CONTENT_PATH = '/v1/content/';
/** With the digest of an order behind it: where a worker shall look for what is sent, a `ScoutingOrder`. */
export const SCOUTING_PATH = '/v1/scouting/';
/** Takes a `Finding`. */
export const FINDING_PATH = '/v1/finding';

/** The epoch grows with every change of leader, `n` with every change of the plan; workers refuse a lower version. */
export interface Version {
  epoch: number;
  n: number;
}

export function isNewer(a: Version, b: Version | null): boolean {
  return b === null || a.epoch > b.epoch || (a.epoch === b.epoch && a.n > b.n);
}

/** Which worker it is: the pool gives index and replacement, each process start makes an incarnation of its own. */
export interface WorkerIdentity {
  index: number;
  /** How often the worker of this index has been replaced in this run. */
  replacement: number;
  incarnation: string;
}

export interface SyncRequest {
  run: string;
  worker: WorkerIdentity;
  /**
   * `starting`: has no lanes yet; `ready`: could start at once; `running`; `leaving`: was asked to end (SIGTERM) and
   * wants a successor; `ended`: sends no more, this is its last word; `failed`: cannot go on, see `problem`.
   */
  state: 'starting' | 'ready' | 'running' | 'leaving' | 'ended' | 'failed';
  /** The newest assignment that it knows; null: none yet. */
  received: Version | null;
  /** The newest assignment that it has taken over in all lanes; null: none yet. */
  acknowledged: Version | null;
  content: WorkerContent;
  /** Cores that it may count on. */
  cores: number;
  /** How many lanes it has; 0 while starting. */
  lanes: number;
  report: WorkerReport | null;
  /** Why it failed or what it wants people to know, in words; empty otherwise. */
  problem: string;
  /** true: answer at once. */
  urgent: boolean;
}

/** Sets of templates or targets in a worker, by digest. */
export interface WorkerContent {
  /** Held ready in all lanes, to be swapped in; null: none. */
  prepared: string | null;
  /** What all lanes send from; null: none yet. */
  running: string | null;
}

export interface WorkerReport {
  /** For each lane, the hit below which each of its hits is decided. */
  cursors: number[];
  /** The worker's lanes together: a `Tally`, followed by the counts of the warm-up. */
  counters: VectorDelta;
  votes: number;
  /** What its last unhealthy window showed; empty while there is none. */
  voteReason: string;
  /** It has reached its limit of votes. */
  wantsStop: boolean;
  /** A window was void because this generator was too slow, at any time so far. */
  saturated: boolean;
  /** Messages for people, numbered 1, 2, …; each is sent until it is acknowledged with its report. */
  notes: { id: number; text: string }[];
  /** Some of its hits, once it sends no more; empty before. */
  samples: HitSample[];
}

export interface SyncResponse {
  /** The coordinator's clock when it answered, ms since 1970 with a fraction. */
  now: number;
  /** How long it had held the call, in ms: round trip minus this is time on the wire. */
  heldMs: number;
  /** For how long from now the worker may go on without another answer, in ms. */
  leaseMs: number;
  /** The newest report that was taken in, by sequence of its counters; 0: none. */
  acknowledged: number;
  /** The report could not be used: send everything. */
  resync: boolean;
  assignment: Assignment | null;
  /** The run has no use for this incarnation: stop sending, give your last word. */
  dismissed: boolean;
  /** The last word is saved: exit. */
  saved: boolean;
  /** Digest of the order by which this worker shall look for what is sent, from now on; null: it need not. */
  scouting: string | null;
  /** Digest of a set that the coordinator has lost: who holds it tells it as a `kept` finding. null: none. */
  wanted: string | null;
}

/** Where one worker of a run looks for what is sent, in place of a coordinator that must read none of it. */
export interface ScoutingOrder {
  /** Another order has another. */
  digest: string;
  source: SourceSpec;
  variables: VariableSpec[];
  events: EventOptions;
  protocol: ProtocolKind;
  /** Name to data, of those ConfigMaps the test refers to that there are. */
  configMaps: Record<string, Readonly<Record<string, string>>>;
  /** Random, known to the run alone: values of secrets enter digests under it. */
  key: string;
  /** Digest of the set that is current or about to be; null: there is none yet. */
  known: string | null;
}

/** What a scouting worker has found by an order. Whether it is still of use is the coordinator's to say. */
export type Finding = { run: string; worker: WorkerIdentity } & (
  | { kind: 'offered'; order: string; content: Content }
  | { kind: 'refused'; order: string; reason: string }
  /** @see ContentTaker.trouble */
  | { kind: 'trouble'; order: string; reason: string | null }
  | { kind: 'kept'; content: Content }
);

/** What a worker should be doing: always whole, never a difference. */
export interface Assignment {
  version: Version;
  content: ContentOrder;
  protocol: Protocol;
  /** Lanes of each worker; the run's lane `index · lanes + l` is lane l of worker `index`. */
  lanes: number;
  /** Workers of the run. */
  workers: number;
  maxLagMs: number;
  warmupMs: number;
  stopWhen: StopSpec | null;
  afterLease: 'Stop' | 'Continue';
  /** What to write about each hit; null: nothing. */
  records: RecordOptions | null;
  /** How many hits of the run are told whole in the end, at most; left out by an older coordinator: none. */
  samples?: number;
  /** When the run starts by the coordinator's clock, ms since 1970; null: get ready and wait. */
  startAt: number | null;
  segments: Segment[];
  /** Run time at which this worker's part ends, in ms; null: open. */
  endsAt: number | null;
  /**
   * A change is being prepared: no hit due later than `fenceMs` after the last answer may be sent, so that the
   * coordinator can name an instant that no worker has passed.
   */
  fenceMs: number | null;
  /** Send nothing more. */
  stop: boolean;
}

/** Which set of templates or targets to send from. */
export interface ContentOrder {
  /** Digest of the set; its text is fetched from `CONTENT_PATH + digest`. null: there is none yet. */
  current: string | null;
  /** Run time in ms: hits due from then on are made from it, those before from the set before. */
  from: number;
  /** Digest of a set to get and to hold ready; null: none. */
  next: string | null;
  /** Names under which hits are counted, of all sets so far. Names are only ever added, and an index keeps its name. */
  labels: string[];
  /** How many names there may ever be. */
  mostLabels: number;
  /** How many sets were refused since the run began. */
  refused: number;
}

/** Result records of single hits. */
export interface RecordOptions {
  path: string;
  bodies: boolean;
  headers: boolean;
}

/** What a pool tells a new process, on its standard input: one line of JSON. */
export interface WorkerBootstrap {
  /** Base address of the coordinator, such as `http://127.0.0.1:40123`. */
  coordinator: string;
  run: string;
  token: string;
  index: number;
  replacement: number;
  /** Cores this worker may count on. */
  cores: number;
  /** Port on loopback for /healthz, /readyz and /metrics; null: nowhere. */
  metricsPort: number | null;
}
