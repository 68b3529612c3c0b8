import { Command } from 'commander';

/** `taz demo`: something to look at, with nothing but this machine. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('run the weighted mix of example events against a built-in target, for 20 s')
    .action(async () => {
      const { demo } = await import('./run/demo.ts');
      process.exitCode = await demo();
    });
}
