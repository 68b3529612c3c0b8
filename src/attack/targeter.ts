import type { Target } from '../target/target.ts';

/**
 * Gives the target of each hit that a lane is about to send. One targeter belongs to one lane; it remembers events,
 * profiles and its random stream between calls.
 */
export interface Targeter<T extends Target = Target> {
  /**
   * The target of hit `hit`; it stays as it is while the hit is in flight.
   * @throws Error when rendering failed or what was rendered is no valid target: the hit is dropped as `template`
   */
  next(hit: number): T;
  /** Under which of the run's labels the target of the last call is counted: an index into them. */
  readonly label: number;
  /** Lets go of what it holds open; it is not used again. */
  close?(): void;
}
