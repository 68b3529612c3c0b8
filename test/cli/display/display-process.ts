import { PassThrough } from 'node:stream';
import { createDisplay } from '../../../src/cli/display/display.ts';
import type { KeySource } from '../../../src/cli/display/keyboard.ts';
import { runSnapshot } from '../../report/run-snapshot.ts';

/**
 * Shows a run as on a terminal, with keys; then waits for a signal, or leaves at once with code 7 for the argument `exit`,
 * by an error that nobody catches for `crash`.
 */
Object.assign(process.stdout, { isTTY: true, columns: 80, rows: 40 });
const setRawMode = (isRaw: boolean) => process.stdout.write(isRaw ? '<raw>' : '<cooked>');
const input = Object.assign(new PassThrough(), { setRawMode }) as unknown as KeySource['input'];
const keys = { input, isOurs: () => true };
createDisplay({ stream: process.stdout, colour: false, keys }).update(runSnapshot());
if (process.argv[2] === 'exit') process.exit(7);
if (process.argv[2] === 'crash') throw new Error('a mistake');
// Long beyond any test, and yet an end.
setTimeout(() => process.exit(1), 20_000);
