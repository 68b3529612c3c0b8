import { Command } from 'commander';

/** `taz schema`: prints the JSON Schema of a LoadTest, by which editors complete and check manifests. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of a LoadTest, for editors')
    .addHelpText(
      'after',
      `
  taz schema > loadtest.schema.json
and in the first line of a manifest:
  # yaml-language-server: $schema=loadtest.schema.json`,
    )
    .action(async () => {
      const { loadTestSchema } = await import('./init/schema-file.ts');
      process.stdout.write(await loadTestSchema());
    });
}
