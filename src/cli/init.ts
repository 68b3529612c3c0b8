import { Command } from 'commander';

/** `taz init`: a set of files to start from. */
export function initCommand(): Command {
  return new Command('init')
    .description('write a LoadTest with templates to start from')
    .argument('[dir]', 'where to; it is made if it is not there', '.')
    .action(async (folder: string) => {
      const { writeStarter } = await import('./init/starter.ts');
      process.stdout.write(await writeStarter(folder));
    });
}
