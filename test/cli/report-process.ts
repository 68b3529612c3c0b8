import { CommanderError } from 'commander';
import { describeFailure } from '../../src/cli/errors.ts';
import { reportCommand } from '../../src/cli/report.ts';

/** `taz report` by itself, with the exit codes of `taz`. */
try {
  await reportCommand().exitOverride().parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  const failure = error instanceof CommanderError ? { text: '', exitCode: 2 } : describeFailure(error, false);
  process.stderr.write(failure.text);
  process.exitCode = failure.exitCode;
}
