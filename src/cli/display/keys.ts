/** What can be asked of a run by a key. */
export type SteeringCommand =
  | 'up'
  | 'down'
  | 'double'
  | 'halve'
  | 'own rate'
  | 'pause'
  | 'reload'
  | 'stop'
  | 'interrupt'
  | 'leave'
  | 'quit';

/** `help` is about the display itself. */
export type Command = SteeringCommand | 'help';

interface KeyBinding {
  command: Command;
  /** What terminals send for its keys. */
  sequences: readonly string[];
  /** The keys, and what they do, for people; absent: not told. */
  help?: { keys: string; does: string };
}

const BINDINGS: readonly KeyBinding[] = [
  {
    command: 'up',
    sequences: ['\x1b[A', '\x1bOA', '+', '='],
    help: { keys: '↑ or +', does: 'send faster: up to the next round rate, about 10% away' },
  },
  {
    command: 'down',
    sequences: ['\x1b[B', '\x1bOB', '-', '_'],
    help: { keys: '↓ or -', does: 'send slower: down to the next round rate' },
  },
  {
    command: 'double',
    sequences: ['\x1b[1;2A', '*'],
    help: { keys: 'Shift+↑ or *', does: 'twice the rate' },
  },
  {
    command: 'halve',
    sequences: ['\x1b[1;2B', '/'],
    help: { keys: 'Shift+↓ or /', does: 'half the rate' },
  },
  { command: 'own rate', sequences: ['0'], help: { keys: '0', does: "the manifest's own rate again" } },
  {
    command: 'pause',
    sequences: ['p', 'P', ' '],
    help: { keys: 'p or space', does: 'pause, and go on: the clock of the run stands still' },
  },
  {
    command: 'reload',
    sequences: ['r', 'R'],
    help: { keys: 'r', does: 'look at templates or targets again, now' },
  },
  { command: 'stop', sequences: ['q', 'Q'], help: { keys: 'q', does: 'stop, and report' } },
  {
    command: 'interrupt',
    sequences: ['\x03'],
    help: { keys: 'Ctrl-C', does: 'stop, and report; once more: end at once' },
  },
  {
    command: 'leave',
    sequences: ['\x1a'],
    help: { keys: 'Ctrl-Z', does: 'pause and go back to the shell; its command fg comes back' },
  },
  { command: 'quit', sequences: ['\x1c'] },
  { command: 'help', sequences: ['?', 'h', 'H'], help: { keys: '?', does: 'show or hide these keys' } },
];

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  BINDINGS.flatMap(({ command, sequences }) => sequences.map((sequence) => [sequence, command] as const)),
);

/** The keys and what each does, for people. */
export const KEY_HELP: readonly { keys: string; does: string }[] = BINDINGS.flatMap(({ help }) => help ?? []);

const ESC = '\x1b';
/** One key: a sequence such as `ESC [1;2A`, a key with Alt, or a character. */
const KEY = new RegExp(`${ESC}\\[[\\d;]*[A-Za-z~]|${ESC}O[A-Za-z]|${ESC}?[^]`, 'gu');

/** What is asked for by the keys that a terminal has sent; other keys are passed over. */
export function commandsOf(input: string): Command[] {
  return [...input.matchAll(KEY)].flatMap(([key]) => COMMANDS.get(key) ?? []);
}
