/**
 * One finished hit for a results file, as a lane hands it to its `RecordSink`. Each hit that a lane began to send ends
 * as one record, also the interrupted ones and those that failed for want of local resources.
 */
export interface HitRecord {
  /**
   * How many hits this lane began to send before this one: 0, 1, … in the order of sending, while records come in the
   * order of completion. Vegeta's plot puts results in this order and refuses one that goes back in time.
   */
  seq: number;
  /** Index of the hit in the run's schedule. */
  hit: number;
  /** Index into the run's labels. */
  label: number;
  /** A code of `metrics/outcome.ts`, or -1 for a hit that was interrupted. */
  outcome: number;
  /** HTTP status, 0 where none came. */
  status: number;
  error: string;
  /** Wall clock at which it was sent, in ms since 1970 with a fraction. */
  sentAtWall: number;
  /** Service time and lag (sent minus due), in ms. */
  serviceMs: number;
  lagMs: number;
  bytesOut: number;
  bytesIn: number;
  method: string;
  url: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer | null;
}

/** Takes the records of one lane. It writes them out itself, in whole lines; `close` returns when all are written. */
export interface RecordSink {
  write(record: HitRecord): void;
  /** Writes out what is buffered. Called by the lane about every 100 ms. @throws Error when the file cannot be written */
  flush(): void;
  close(): void;
}
