import { CommanderError } from 'commander';
import { describeFailure, EXIT_CODES } from './errors.ts';
import { createProgram } from './program.ts';

process.stdout.on('error', endQuietlyWithoutReader);
process.stderr.on('error', endQuietlyWithoutReader);
process.on('uncaughtException', endWithFailure);

try {
  await createProgram().parseAsync();
} catch (error) {
  // Commander has printed its message already; its own codes tell help and version (0) from wrong usage (1).
  if (!(error instanceof CommanderError)) endWithFailure(error);
  else process.exitCode = error.exitCode === 0 ? EXIT_CODES.completed : EXIT_CODES.usage;
}

/** Ends at once: what a failed command left open must not keep the process alive. */
function endWithFailure(error: unknown): void {
  const failure = describeFailure(error, Boolean(process.env['TAZ_DEBUG']));
  process.exitCode = failure.exitCode;
  process.stderr.write(failure.text, () => process.stdout.write('', () => process.exit()));
}

/** `taz … | head`: the reader has what it wanted. A terminal that was closed gives EIO. */
function endQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(EXIT_CODES.noReader);
  throw error;
}
