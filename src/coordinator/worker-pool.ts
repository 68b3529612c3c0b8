/**
 * Where workers come from: local child processes, or pods. The pool starts and ends processes and tells of their
 * *proven* ends; it knows nothing of what they do. The coordinator decides how many there are and when one is replaced.
 */
export interface WorkerPool {
  /** Starts a process for worker `index`. Failures to start are told as an end, never thrown. */
  start(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void;
  /** Takes over a process that an earlier coordinator of the run started. One that is gone already is told as an end. */
  adopt(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void;
  /** What keeps a process that was started from coming up, in words for people; empty: nothing that is known. */
  trouble(worker: PoolWorker): string;
  /** Asks a process to leave (SIGTERM); it is killed when it has not ended after `graceMs`. */
  stop(worker: PoolWorker, graceMs: number): void;
  /** Kills what is left and resolves when all processes have ended. */
  close(): Promise<void>;
}

export interface PoolWorker {
  /** 0, 1, … */
  index: number;
  /** How often the worker of this index has been replaced in this run. */
  replacement: number;
}

/** Proof that a process sends no more. */
export interface WorkerEnd {
  /** In words: `exited with code 1`, `was killed by SIGKILL`, … */
  reason: string;
}

/** A name for people and for logs. */
export function workerName(worker: PoolWorker): string {
  return worker.replacement === 0 ? `worker-${worker.index}` : `worker-${worker.index}.${worker.replacement}`;
}
