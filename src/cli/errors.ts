import { inspect } from 'node:util';

/** What the shell learns from `taz`. `run` adds 3: stopped by votes. */
export const EXIT_CODES = {
  completed: 0,
  failed: 1,
  usage: 2,
  stoppedByVotes: 3,
  interrupted: 130,
  noReader: 141,
} as const;

/**
 * Something the user can put right: a wrong flag, manifest or file, a port in use. It is shown as one message without
 * a stack, and `taz` exits with code 2. The message names the thing, its value and what would be right.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Printed under the message, one a line; may be empty. */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.problems = problems;
  }
}

/** How an error looks on the screen, and the exit code that goes with it. */
export interface Failure {
  text: string;
  exitCode: number;
}

/** @param debug whether an unexpected error is shown with its stack and causes */
export function describeFailure(error: unknown, debug: boolean): Failure {
  if (error instanceof UsageError) {
    const lines = [`taz: ${error.message}`, ...error.problems.map((problem) => `  ${problem}`)];
    return { text: `${lines.join('\n')}\n`, exitCode: EXIT_CODES.usage };
  }
  if (debug) return { text: `taz: unexpected error: ${inspect(error)}\n`, exitCode: EXIT_CODES.failed };
  const message = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] || 'no message';
  return {
    text: `taz: unexpected error: ${message} (TAZ_DEBUG=1 shows where)\n`,
    exitCode: EXIT_CODES.failed,
  };
}
