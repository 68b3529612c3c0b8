import { type Command, Option } from 'commander';

/** The options by which every command is told about a manifest. */
export interface ManifestOptions {
  file?: string[];
  name?: string;
  set: string[];
}

/** Adds `-f`, `--name` and `--set` to a command. */
export function addManifestOptions(command: Command): Command {
  return command
    .option('-f, --file <file...>', 'manifest files (YAML or JSON); - reads standard input')
    .option('--name <name>', 'which LoadTest, where the files hold several')
    .addOption(
      new Option('--set <name=value>', 'value of a variable: NAME=value, NAME=@FILE or NAME=env:VARIABLE')
        .default([], 'none')
        .argParser((option: string, before: string[]) => [...before, option]),
    );
}
