import { Command } from 'commander';
import { UsageError } from './errors.ts';
import { type ManifestOptions, withManifestOptions } from './options.ts';

/** `taz validate`: says everything that is wrong with a manifest, or what it would do. */
export function validateCommand(): Command {
  return withManifestOptions(new Command('validate'))
    .description('check a LoadTest with its templates or targets, and say what it would do')
    .action(validate);
}

async function validate({ file, name, set }: ManifestOptions): Promise<void> {
  if (file === undefined) throw new UsageError('name the manifest with -f FILE (- for standard input)');
  const { requireGoodContent } = await import('./manifest/check-content.ts');
  const { loadManifest } = await import('./manifest/load.ts');
  const { outline } = await import('./manifest/outline.ts');
  const { prepareRun } = await import('./manifest/prepare.ts');
  const { parseSets } = await import('./manifest/sets.ts');
  const sets = await parseSets(set ?? []);
  const note = (line: string) => process.stderr.write(`taz: ${line}\n`);
  const manifest = await loadManifest(file, { name, note });
  const { spec, content, loader } = await prepareRun(manifest, sets);
  try {
    await requireGoodContent(content, spec.protocol.kind);
  } finally {
    await loader.close();
  }
  process.stdout.write(`${manifest.file}: ok: ${spec.name} sends ${outline(spec, content)}\n`);
}
