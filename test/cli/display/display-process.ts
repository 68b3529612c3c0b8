import { createDisplay } from '../../../src/cli/display/display.ts';
import { runSnapshot } from '../../report/run-snapshot.ts';

/** Shows a run as on a terminal, then waits for a signal, or leaves at once with code 7 for the argument `exit`. */
Object.assign(process.stdout, { isTTY: true, columns: 80, rows: 40 });
createDisplay({ stream: process.stdout, colour: false }).update(runSnapshot());
if (process.argv[2] === 'exit') process.exit(7);
// Long beyond any test, and yet an end.
setTimeout(() => process.exit(1), 20_000);
