import { createReadStream } from 'node:fs';
import { Command, Option } from 'commander';
import type { ResultsTally } from '../report/results-tally.ts';
import { UsageError } from './errors.ts';

interface ReportOptions {
  output: 'text' | 'json';
}

/** Bytes read at once: large enough that reading costs little beside parsing. */
const CHUNK_BYTES = 1024 * 1024;

/** `taz report`: what result files tell, of Taz or of Vegeta. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'print what result files tell: those of `taz run --results`, or of Vegeta in its JSON format',
    )
    .argument('<file...>', 'result files, merged into one report; - reads standard input')
    .addOption(new Option('--output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action(async (files: string[], options: ReportOptions) => {
      const { tally, notes } = await readFiles(files);
      for (const note of notes) process.stderr.write(`taz: ${note}\n`);
      process.stdout.write(await printed(tally, files, options.output));
    });
}

/** @throws UsageError for a file that cannot be read, naming file and line */
async function readFiles(files: string[]): Promise<{ tally: ResultsTally; notes: string[] }> {
  const { ResultFileError, readResults } = await import('../report/results-reader.ts');
  const { ResultsTally } = await import('../report/results-tally.ts');
  const { systemErrorText } = await import('../report/system-error.ts');
  if (files.filter((file) => file === '-').length > 1)
    throw new UsageError('- (standard input) can be given only once');
  const tally = new ResultsTally();
  const notes: string[] = [];
  for (const file of files) {
    const name = file === '-' ? 'standard input' : file;
    const chunks = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    try {
      notes.push(...(await readResults(chunks, name, (line) => tally.add(line))));
    } catch (error) {
      if (error instanceof ResultFileError) throw new UsageError(error.message, [], { cause: error });
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      throw new UsageError(`cannot read ${name}: ${systemErrorText(error)}`, [], { cause: error });
    }
  }
  return { tally, notes };
}

async function printed(
  tally: ResultsTally,
  files: string[],
  output: ReportOptions['output'],
): Promise<string> {
  const report = tally.report(files);
  if (output === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { resultsText } = await import('../report/results-text.ts');
  const { wantsColour } = await import('../report/style.ts');
  return resultsText(report, tally.vegeta(), {
    colour: wantsColour(process.stdout, process.env),
    columns: process.stdout.columns,
  });
}
