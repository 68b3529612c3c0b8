import { Command, type CommandOptions } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { controllerCommand } from './controller.ts';
import { demoCommand } from './demo.ts';
import { initCommand } from './init.ts';
import { renderCommand } from './render.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { targetCommand } from './target.ts';
import { validateCommand } from './validate.ts';
import { workerCommand } from './worker.ts';

/**
 * The commands of `taz`. A command's file imports only what its options need; what its action needs it imports when it
 * runs, so that `taz --help` stays quick.
 */
export function createProgram(): Command {
  const program = new Command('taz')
    .description(packageJson.description)
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText(
      'after',
      '\nExit codes: 0 completed, 1 failed, 2 wrong usage or manifest, 3 stopped by votes, 130 interrupted',
    )
    .showHelpAfterError('See taz --help.')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'taz: ')) })
    .exitOverride();

  const commands = [
    runCommand(),
    demoCommand(),
    initCommand(),
    renderCommand(),
    validateCommand(),
    targetCommand(),
    reportCommand(),
    schemaCommand(),
    controllerCommand(),
  ];
  for (const command of commands) add(command, program);
  // What only pods run is no command for people.
  add(workerCommand(), program, { hidden: true });
  return program;
}

function add(command: Command, program: Command, options: CommandOptions = {}): void {
  command.copyInheritedSettings(program);
  command.showHelpAfterError(`See taz ${command.name()} --help.`);
  program.addCommand(command, options);
}
