import { Command, Option } from 'commander';
import { UsageError } from './errors.ts';

interface RunOptions {
  file?: string[];
  name?: string;
  templates?: string;
  entry?: string;
  targets?: string;
  rate?: string;
  duration?: string;
  set?: string[];
  workers?: string;
  lanes?: string;
  seed?: string;
  output: 'text' | 'json';
  results?: string;
  resultsBodies?: boolean;
  resultsHeaders?: boolean;
  metricsPort?: string;
  quiet?: boolean;
}

/** `taz run`: runs a LoadTest on this machine. */
export function runCommand(): Command {
  return new Command('run')
    .description('run a LoadTest on this machine, with worker processes of its own')
    .option(
      '-f, --file <file...>',
      'manifest files with the LoadTest and what it refers to; - for standard input',
    )
    .option('--name <name>', 'which LoadTest, where the files hold several')
    .option('--templates <dir>', 'without a manifest: a folder of templates')
    .option('--entry <name>', 'with --templates: the template that renders each target')
    .option('--targets <file>', "without a manifest: a file of targets in Vegeta's JSON format")
    .option(
      '--rate <rate>',
      'rate instead of the one in the manifest, such as 5000/s (without a manifest: 10/s)',
    )
    .option('--duration <duration>', 'duration instead of the one in the manifest (with --templates: 10s)')
    .option('--set <variable...>', 'give a variable: NAME=value, NAME=@FILE, NAME=env:VARIABLE')
    .option('--workers <count>', 'worker processes, instead of workers.replicas in the manifest')
    .option(
      '--lanes <count>',
      'attack threads of each worker (default: one for each 5000/s, up to the cores)',
    )
    .option('--seed <seed>', 'make the data repeatable, instead of events.seed in the manifest')
    .addOption(new Option('--output <format>', 'the final report').choices(['text', 'json']).default('text'))
    .option('--results <file>', "write every hit to a file, in Vegeta's result format")
    .option('--results-bodies', 'with --results: also the bodies sent, secrets masked')
    .option('--results-headers', 'with --results: also the headers sent, secrets masked')
    .option('--metrics-port <port>', 'worker i answers /metrics on this port plus i, on loopback')
    .option('--quiet', 'show no progress, only the final report')
    .addHelpText(
      'after',
      `
Ctrl-C ends the run gracefully and still reports; a second one ends it at once.

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
  const [{ prepareTest }, { requireGoodContent }, { runTest }, { startResults }] = await Promise.all([
    import('./run/prepare.ts'),
    import('./manifest/check-content.ts'),
    import('./run/run-test.ts'),
    import('./run/results.ts'),
  ]);
  const test = await prepareTest({ ...options, note: (line) => console.error(line) });
  await requireGoodContent(test.content, test.spec.protocol.kind);
  const records = startResults(options);
  return runTest(test, { ...options, lanes, metricsPort, records, quiet: options.quiet ?? false });
}

/** @throws UsageError that names the option, its value and its range */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from ${least} to ${most}`);
}
