/** The most topics that are counted apart; whatever has no place of its own is counted under the last. */
export const MAX_TOPICS = 32;
export const OTHER_TOPIC = 'other';

/** What becomes of messages. `unanswered`: given up at the timeout, or when the run ended. */
export const TOPIC_OUTCOMES = ['succeeded', 'failed', 'unanswered'] as const;
export type TopicOutcome = (typeof TOPIC_OUTCOMES)[number];

/** Messages of a topic by what became of them. */
export type TopicCounts = { topic: string } & Record<TopicOutcome, number>;

const COLUMNS = TOPIC_OUTCOMES.length;

/**
 * The messages of one lane by topic, in shared memory: written by the lane's thread alone, read by the main thread at any
 * time. Names do not fit in there, so each is told once, when its first message comes.
 */
export class TopicBlock {
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;
  readonly #rows = new Map<string, number>();
  /** Told a name when its row is taken. */
  onName: (name: string) => void = () => {};
  /** The last that was asked for, as most messages go to one topic. */
  #lastName = '';
  #lastRow = -1;

  /** @param buffer of the block to go on with @param names its topics, in the order of their rows */
  constructor(buffer?: SharedArrayBuffer, names: readonly string[] = []) {
    this.buffer = buffer ?? new SharedArrayBuffer(MAX_TOPICS * COLUMNS * Float64Array.BYTES_PER_ELEMENT);
    this.#values = new Float64Array(this.buffer);
    for (const name of names) this.#rows.set(name, this.#rows.size);
  }

  /** Where messages of a topic are counted. */
  rowOf(name: string): number {
    if (name === this.#lastName && this.#lastRow !== -1) return this.#lastRow;
    this.#lastName = name;
    this.#lastRow = this.#rows.get(name) ?? this.#take(name);
    return this.#lastRow;
  }

  count(row: number, outcome: TopicOutcome): void {
    this.#values[row * COLUMNS + TOPIC_OUTCOMES.indexOf(outcome)]! += 1;
  }

  /** @param names as they were told */
  read(names: readonly string[]): TopicCounts[] {
    const rows = names.length < MAX_TOPICS - 1 ? names : [...names, OTHER_TOPIC];
    return rows.map((topic, row) => {
      const [succeeded, failed, unanswered] = this.#values.subarray(row * COLUMNS, (row + 1) * COLUMNS);
      return { topic, succeeded: succeeded!, failed: failed!, unanswered: unanswered! };
    });
  }

  #take(name: string): number {
    if (this.#rows.size >= MAX_TOPICS - 1) return MAX_TOPICS - 1;
    this.#rows.set(name, this.#rows.size);
    this.onName(name);
    return this.#rows.size - 1;
  }
}

/** The topics of several lanes together, of which there are again not more than `MAX_TOPICS`. */
export function mergeTopics(lanes: readonly TopicCounts[][]): TopicCounts[] {
  const merged = new Map<string, TopicCounts>();
  const add = (topic: string, counts: TopicCounts) => {
    const sum = merged.get(topic);
    if (sum === undefined) merged.set(topic, { ...counts, topic });
    else for (const outcome of TOPIC_OUTCOMES) sum[outcome] += counts[outcome];
  };
  for (const counts of lanes.flat()) {
    const isKnown = merged.has(counts.topic) || merged.size < MAX_TOPICS - 1;
    add(isKnown ? counts.topic : OTHER_TOPIC, counts);
  }
  return [...merged.values()];
}
