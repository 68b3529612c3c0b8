import { createReadStream } from 'node:fs';
import type { Sets, SetValue } from '../../source/surroundings.ts';
import { shown } from '../../units/shown.ts';
import { UsageError } from '../errors.ts';
import { readText } from './read-text.ts';

/** The longest value, as in a manifest. */
const MAX_VALUE = 65_536;

/** The largest file that can hold such a value, with some to spare. */
const MAX_FILE_BYTES = 4 * MAX_VALUE;

/**
 * Reads `--set` options: `NAME=value`, `NAME=@FILE` (its last line end cut off), `NAME=env:VARIABLE`.
 * @throws UsageError with everything that is wrong with them; values are never repeated
 */
export async function parseSets(
  options: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Sets> {
  const sets = new Map<string, SetValue>();
  const problems: string[] = [];
  for (const option of options) {
    try {
      const [name, value] = await parseSet(option, env);
      if (sets.has(name)) problems.push(`--set ${name} is given twice`);
      sets.set(name, value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length === 1) throw new UsageError(problems[0]!);
  if (problems.length > 1) throw new UsageError(`${problems.length} problems with --set`, problems);
  return sets;
}

async function parseSet(option: string, env: NodeJS.ProcessEnv): Promise<[name: string, value: SetValue]> {
  const [, name, given] = /^([A-Za-z_][A-Za-z0-9_]{0,62})=(.*)$/s.exec(option) ?? [];
  if (name === undefined || given === undefined || name === '__proto__') {
    const start = shown(option.split('=', 1)[0]!);
    throw new UsageError(
      `--set ${start} is not NAME=value, NAME=@FILE or NAME=env:VARIABLE, with a name such as BaseURL`,
    );
  }
  const plain = !given.startsWith('@') && !given.startsWith('env:');
  if (plain && /^\[.*\]$/s.test(given)) {
    throw new UsageError(
      `--set ${name}: a list can be given only in the manifest, as values (for a text in [ ] use ${name}=@FILE)`,
    );
  }
  const value = given.startsWith('@')
    ? await fileValue(name, given.slice(1))
    : plain
      ? given
      : envValue(name, given.slice('env:'.length), env);
  if (value.length > MAX_VALUE) {
    throw new UsageError(`--set ${name}: the value is ${value.length} characters long; at most ${MAX_VALUE}`);
  }
  return [name, { value, plain }];
}

async function fileValue(name: string, file: string): Promise<string> {
  const text = await readText(createReadStream(file), `--set ${name}: ${shown(file)}`, MAX_FILE_BYTES);
  return text.replace(/\r?\n$/, '');
}

function envValue(name: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable];
  if (value === undefined)
    throw new UsageError(`--set ${name}: there is no environment variable ${shown(variable)}`);
  return value;
}
