import type { Command } from 'commander';
import { UsageError } from './errors.ts';

/** Options that several commands have. */

export interface ManifestOptions {
  file?: string[];
  name?: string;
  set?: string[];
}

export interface SourceOptions extends ManifestOptions {
  templates?: string;
  entry?: string;
  targets?: string;
  seed?: string;
}

/** `-f`, `--name`, `--set`: which LoadTest, and what its variables are. */
export function withManifestOptions(command: Command): Command {
  return command
    .option(
      '-f, --file <file...>',
      'manifest files with the LoadTest and what it refers to; - for standard input',
    )
    .option('--name <name>', 'which LoadTest, where the files hold several')
    .option('--set <variable...>', 'give a variable: NAME=value, NAME=@FILE, NAME=env:VARIABLE');
}

/** Those of a manifest, and those that take the place of one. */
export function withSourceOptions(command: Command): Command {
  return withManifestOptions(command)
    .option('--templates <dir>', 'without a manifest: a folder of templates')
    .option('--entry <name>', 'with --templates: the template that renders each target')
    .option('--targets <file>', "without a manifest: a file of targets in Vegeta's JSON format")
    .option('--seed <seed>', 'make the data repeatable, instead of events.seed in the manifest');
}

/** The files that `--watch` watches. @throws UsageError where one of them cannot be read twice */
export function requireWatchable(files: readonly string[]): readonly string[] {
  if (files.includes('-')) {
    throw new UsageError('--watch needs files that can be read again: - is standard input');
  }
  return files;
}

/** @throws UsageError that names the option, its value and its range */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from ${least} to ${most}`);
}
