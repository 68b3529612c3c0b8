import { LineReader } from '../../target/line-reader.ts';
import type { Target, TargetParser } from '../../target/target.ts';
import { openTargets } from '../../target/target-lines.ts';
import type { CannedContent } from '../content.ts';
import type { Problems } from './problems.ts';

/** Lines that are read; a file may hold millions. */
const MOST_LINES = 10_000;
const MOST_PROBLEMS = 5;

/** Reads the first lines of canned targets as a lane would. */
export async function checkTargets(
  content: CannedContent,
  parse: TargetParser<Target>,
  problems: Problems,
): Promise<void> {
  const names = content.files.map((file) => file.name).join(', ');
  let reader: LineReader;
  let count: number;
  try {
    const lines = await openTargets(content.files);
    reader = new LineReader(lines);
    count = lines.count;
  } catch (error) {
    return problems.addError(error, names);
  }
  if (count === 0) problems.addError(new Error('there is no target: write one JSON object a line'), names);
  let found = 0;
  for (let index = 0; index < Math.min(count, MOST_LINES) && found < MOST_PROBLEMS; index++) {
    try {
      parse(reader.read(index));
    } catch (error) {
      found++;
      const [, template, line] = /^(.*):(\d+)$/s.exec(reader.place(index))!;
      const message = (error as Error).message;
      problems.add({ template: template!, line: Number(line), column: null, excerpt: null, message });
    }
  }
  reader.close();
}
