import type { WorkerReport } from '../coordinator/protocol.ts';
import { CountsBlock, Tally } from '../metrics/tally.ts';
import { VectorSender } from '../metrics/vector-codec.ts';
import type { Ballot } from './ballot.ts';
import type { GroupCounts } from './lanes/lane-group.ts';

const MOST_NOTES = 20;

/** Writes a worker's reports: what was counted since the last one that the coordinator has, and messages for people. */
export class Reporter {
  #sender: VectorSender | null = null;
  /** Messages that the coordinator has not yet acknowledged, each with the report that carried it first. */
  #notes: { id: number; text: string; sequence: number }[] = [];
  #lastNote = 0;

  /** From now on there is something to report. @param labels how many labels there is room for */
  start(labels: number): void {
    this.#sender = new VectorSender(Tally.size(labels) + CountsBlock.size);
  }

  /** Tells people something, with the next report. */
  note(text: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push({ id: ++this.#lastNote, text, sequence: 0 });
  }

  /** @returns null before `start` */
  report({ values, cursors, samples }: GroupCounts, ballot: Ballot): WorkerReport | null {
    if (this.#sender === null) return null;
    const counters = this.#sender.encode(values);
    for (const note of this.#notes) if (note.sequence === 0) note.sequence = counters.sequence;
    return {
      cursors,
      counters,
      votes: ballot.votes,
      voteReason: ballot.reason,
      wantsStop: ballot.atLimit,
      saturated: ballot.saturated,
      notes: this.#notes.map(({ id, text }) => ({ id, text })),
      samples,
    };
  }

  /** The coordinator has taken in all reports up to this one. @param resync it wants everything */
  acknowledge(sequence: number, resync: boolean): void {
    if (this.#sender === null) return;
    if (resync) this.#sender.reset();
    else this.#sender.acknowledge(sequence);
    this.#notes = this.#notes.filter((note) => note.sequence === 0 || note.sequence > sequence);
  }
}
