import { Command } from 'commander';
import { UsageError } from './errors.ts';

interface ValidateOptions {
  file?: string[];
  name?: string;
  set?: string[];
}

/** `taz validate`: says everything that is wrong with a manifest, or what it would do. */
export function validateCommand(): Command {
  return new Command('validate')
    .description('check a LoadTest with its templates or targets, and say what it would do')
    .option(
      '-f, --file <file...>',
      'manifest files with the LoadTest and what it refers to; - for standard input',
    )
    .option('--name <name>', 'which LoadTest, where the files hold several')
    .option('--set <variable...>', 'give a variable: NAME=value, NAME=@FILE, NAME=env:VARIABLE')
    .action(validate);
}

async function validate({ file, name, set }: ValidateOptions): Promise<void> {
  if (file === undefined) throw new UsageError('name the manifest with -f FILE (- for standard input)');
  const { requireGoodContent } = await import('./manifest/check-content.ts');
  const { loadManifest } = await import('./manifest/load.ts');
  const { outline } = await import('./manifest/outline.ts');
  const { prepareRun } = await import('./manifest/prepare.ts');
  const { parseSets } = await import('./manifest/sets.ts');
  const sets = await parseSets(set ?? []);
  const note = (line: string) => process.stderr.write(`taz: ${line}\n`);
  const manifest = await loadManifest(file, { name, note });
  const { spec, content } = await prepareRun(manifest, sets);
  await requireGoodContent(content, spec.protocol.kind);
  process.stdout.write(`${manifest.file}: ok: ${spec.name} sends ${outline(spec, content)}\n`);
}
