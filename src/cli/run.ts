import { Command, Option } from 'commander';
import { requireWatchable, type SourceOptions, wholeNumber, withSourceOptions } from './options.ts';

interface RunOptions extends SourceOptions {
  rate?: string;
  duration?: string;
  workers?: string;
  lanes?: string;
  output: 'text' | 'json';
  results?: string;
  resultsBodies?: boolean;
  resultsHeaders?: boolean;
  metricsPort?: string;
  quiet?: boolean;
  watch?: boolean;
}

/** `taz run`: runs a LoadTest on this machine. */
export function runCommand(): Command {
  return withSourceOptions(new Command('run'))
    .description('run a LoadTest on this machine, with worker processes of its own')
    .option(
      '--rate <rate>',
      'rate instead of the one in the manifest, such as 5000/s (without a manifest: 10/s)',
    )
    .option('--duration <duration>', 'duration instead of the one in the manifest (with --templates: 10s)')
    .option('--workers <count>', 'worker processes, instead of workers.replicas in the manifest')
    .option(
      '--lanes <count>',
      'attack threads of each worker (default: one for each 5000/s, up to the cores)',
    )
    .addOption(new Option('--output <format>', 'the final report').choices(['text', 'json']).default('text'))
    .option('--results <file>', "write every hit to a file, in Vegeta's result format")
    .option('--results-bodies', 'with --results: also the bodies sent, secrets masked')
    .option('--results-headers', 'with --results: also the headers sent, secrets masked')
    .option('--metrics-port <port>', 'worker i answers /metrics on this port plus i, on loopback')
    .option('--quiet', 'show no progress, only the final report')
    .option('--watch', 'apply the manifest whenever it is saved, and templates too, while the run goes on')
    .addHelpText(
      'after',
      `
On a terminal, keys change the rate, pause, reload and stop; ? shows them all.
Ctrl-C or SIGTERM ends the run gracefully and still reports; a second one ends it at once. SIGHUP looks at templates or
targets again.

Exit codes: 0 completed, 1 failed, 2 wrong usage or manifest, 3 stopped by votes, 130 interrupted`,
    )
    .action(async (options: RunOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: RunOptions): Promise<number> {
  const lanes = options.lanes === undefined ? null : wholeNumber('--lanes', options.lanes, 1, 256);
  const metricsPort =
    options.metricsPort === undefined ? null : wholeNumber('--metrics-port', options.metricsPort, 1, 65_000);
  const [{ prepareTest, readManifestAgain }, { requireGoodContent }, { runTest }, { startResults }] =
    await Promise.all([
      import('./run/prepare.ts'),
      import('./manifest/check-content.ts'),
      import('./run/run-test.ts'),
      import('./run/results.ts'),
    ]);
  const watch = options.watch ? requireWatchable(options.file ?? []) : null;
  const test = await prepareTest({ ...options, note: (line) => console.error(line) });
  try {
    await requireGoodContent(test.content, test.spec.protocol.kind);
    const records = startResults(options);
    return await runTest(test, {
      ...options,
      lanes,
      metricsPort,
      records,
      quiet: options.quiet ?? false,
      // What was typed as a manifest has ended with it.
      keys: !options.file?.includes('-'),
      watch: watch && { files: watch, read: () => readManifestAgain(options) },
    });
  } finally {
    await test.loader.close();
  }
}
