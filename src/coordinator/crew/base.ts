import { KeptSamples, MOST_SAMPLES } from '../../attack/hit-sample.ts';
import { PagedCounts } from '../../metrics/paged-counts.ts';
import { addHits, noHits, type PlannedCounts } from '../course/ledger.ts';
import type { BaseRecord } from '../run-record.ts';
import type { WorkerSnapshot } from '../snapshot.ts';
import type { Member } from './member.ts';
import { fromSparse, toSparse } from './sparse-vector.ts';

/** How many of those that are no members any more are remembered by name. */
const MOST_PAST = 20;

/** The counts of a run that can not change any more, whosever they were. */
export class Base {
  readonly planned: PlannedCounts = noHits();
  readonly counts: PagedCounts;
  saturated = false;
  /** In memory alone: another coordinator of the run does not have them. */
  readonly samples: KeptSamples = new KeptSamples(MOST_SAMPLES);
  /** The newest of those that are no members any more, for people. */
  past: WorkerSnapshot[] = [];

  /** @param labels how many labels there is room for */
  constructor(labels: number) {
    this.counts = new PagedCounts(labels);
  }

  /** Takes a member's counts and samples over; it can add nothing to them any more. */
  takeCounts(member: Member): void {
    if (member.closed) return;
    this.counts.add(member.counts);
    for (const sample of member.samples) this.samples.add(sample);
    member.close();
  }

  /** Takes over all that is known of a member, which is none any more. */
  take(member: Member, snapshot: WorkerSnapshot): void {
    this.takeCounts(member);
    addHits(this.planned, member.settled);
    this.saturated ||= member.saturated;
    this.past = [...this.past, snapshot].slice(-MOST_PAST);
  }

  record(): BaseRecord {
    return { planned: this.planned, saturated: this.saturated, counts: toSparse(this.counts.vector) };
  }

  restore({ planned, saturated, counts }: BaseRecord, past: WorkerSnapshot[]): void {
    addHits(this.planned, planned);
    this.saturated = saturated;
    fromSparse(counts, this.counts.vector);
    this.past = past;
  }
}
