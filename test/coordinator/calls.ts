import type { HitSample } from '../../src/attack/hit-sample.ts';
import type { SyncRequest, SyncResponse, WorkerReport } from '../../src/coordinator/protocol.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';
import { VectorSender } from '../../src/metrics/vector-codec.ts';

/** How many labels there is room for in the runs of these tests. */
export const MOST_LABELS = 3;

/** What one worker counts, and its reports of it. */
export class Counting {
  readonly tally = new Tally(MOST_LABELS);
  readonly warmup = new CountsBlock();
  readonly sender = new VectorSender(Tally.size(MOST_LABELS) + CountsBlock.size);

  report(differences: Partial<WorkerReport> = {}): WorkerReport {
    const vector = new Float64Array(Tally.size(MOST_LABELS) + CountsBlock.size);
    vector.set(this.tally.values);
    vector.set(this.warmup.values, this.tally.values.length);
    return {
      cursors: [0],
      counters: this.sender.encode(vector),
      votes: 0,
      voteReason: '',
      wantsStop: false,
      saturated: false,
      notes: [],
      samples: [],
      ...differences,
    };
  }
}

export function call(differences: Partial<SyncRequest> = {}): SyncRequest {
  return {
    run: 'r-1',
    worker: { index: 0, replacement: 0, incarnation: 'w0' },
    state: 'running',
    received: null,
    acknowledged: null,
    content: { prepared: null, running: null },
    cores: 2,
    lanes: 1,
    report: null,
    problem: '',
    urgent: false,
    ...differences,
  };
}

/** An answer that tells nothing new. */
export const ANSWER: SyncResponse = {
  now: 1,
  heldMs: 2,
  leaseMs: 3,
  acknowledged: 4,
  resync: false,
  assignment: null,
  dismissed: false,
  saved: true,
  scouting: null,
  wanted: null,
};

export function hitSample(differences: Partial<HitSample> = {}): HitSample {
  return {
    draw: 0.5,
    kind: 'succeeded',
    hit: 3,
    label: 0,
    method: 'POST',
    url: 'http://target/v1',
    outcome: 'succeeded',
    status: 200,
    error: '',
    sentAtWall: 1_795_000_000_000.25,
    serviceMs: 1.5,
    lagMs: 0.01,
    ...differences,
  };
}
