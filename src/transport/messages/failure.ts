/** Why messages failed: their class and the reason in words. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** A code of `metrics/outcome.ts`. */
  readonly outcome: number;

  constructor(outcome: number, message: string) {
    super(message);
    this.outcome = outcome;
  }
}
