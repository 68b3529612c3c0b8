import type { SyncRequest, WorkerReport } from '../../src/coordinator/protocol.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';
import { VectorSender } from '../../src/metrics/vector-codec.ts';

/** What one worker counts, and its reports of it. */
export class Counting {
  readonly tally = new Tally(1);
  readonly warmup = new CountsBlock();
  readonly sender = new VectorSender(Tally.size(1) + CountsBlock.size);

  report(differences: Partial<WorkerReport> = {}): WorkerReport {
    const vector = new Float64Array(Tally.size(1) + CountsBlock.size);
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
    cores: 2,
    lanes: 1,
    report: null,
    problem: '',
    urgent: false,
    ...differences,
  };
}
