import { availableParallelism } from 'node:os';
import type { RecordOptions } from '../../coordinator/protocol.ts';
import { workerCount } from '../../coordinator/worker-count.ts';
import { wantsColour } from '../../report/style.ts';
import { summarize } from '../../report/summarize.ts';
import type { Summary } from '../../report/summary.ts';
import { reportText } from '../../report/text.ts';
import { connectionsOf } from '../../transport/protocol.ts';
import { terminalKeys } from '../display/keyboard.ts';
import { EXIT_CODES } from '../errors.ts';
import type { PreparedRun } from '../manifest/prepare.ts';
import { type ManifestWatch, runLocally } from './local-run.ts';
import { requireFreePorts } from './metrics-ports.ts';
import { checkOpenFiles } from './open-files.ts';

export interface RunTestOptions {
  lanes: number | null;
  records: RecordOptions | null;
  metricsPort: number | null;
  quiet: boolean;
  output: 'text' | 'json';
  /** Whether keys may be taken from standard input, where that is a terminal. */
  keys: boolean;
  watch: ManifestWatch | null;
}

/** Runs a test that was checked, shows its progress, prints its report. @returns the exit code */
export async function runTest(test: PreparedRun, options: RunTestOptions): Promise<number> {
  checkOpenFiles(options.lanes ?? availableParallelism(), connectionsOf(test.spec.protocol));
  if (options.metricsPort !== null) await requireFreePorts(options.metricsPort, workerCount(test.spec));
  const { stdin, stderr, stdout, env } = process;
  const snapshot = await runLocally(test, {
    lanes: options.lanes,
    records: options.records,
    metricsPort: options.metricsPort,
    progress: options.quiet
      ? null
      : { stream: stderr, colour: wantsColour(stderr, env), keys: options.keys ? terminalKeys(stdin) : null },
    watch: options.watch,
  });
  const summary = summarize(snapshot);
  const colour = wantsColour(stdout, env);
  const text =
    options.output === 'json'
      ? `${JSON.stringify(summary, null, 2)}\n`
      : reportText(summary, { colour, columns: Math.min(stdout.columns ?? 100, 120) });
  await new Promise<void>((resolve) => stdout.write(text, () => resolve()));
  return exitCodeOf(summary);
}

function exitCodeOf({ verdict }: Summary): number {
  switch (verdict) {
    case 'Completed':
      return EXIT_CODES.completed;
    case 'StoppedByVotes':
      return EXIT_CODES.stoppedByVotes;
    case 'StoppedByUser':
      return EXIT_CODES.interrupted;
    default:
      return EXIT_CODES.failed;
  }
}
