import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandsOf, KEY_HELP } from '../../../src/cli/display/keys.ts';

const ESC = '\x1b';
const rows: [keys: string, input: string, commands: string[]][] = [
  ['arrows', `${ESC}[A${ESC}[B`, ['up', 'down']],
  ['arrows of an application keypad', `${ESC}OA${ESC}OB`, ['up', 'down']],
  ['arrows with Shift', `${ESC}[1;2A${ESC}[1;2B`, ['double', 'halve']],
  ['plus and minus, with or without Shift', '+=-_', ['up', 'up', 'down', 'down']],
  ['times and through', '*/', ['double', 'halve']],
  ['digits', '0123', ['own rate']],
  [
    'letters, small and capital',
    'pPrRqQhH',
    ['pause', 'pause', 'reload', 'reload', 'stop', 'stop', 'help', 'help'],
  ],
  ['space and question mark', ' ?', ['pause', 'help']],
  ['Ctrl-C, Ctrl-Z and Ctrl-\\', '\x03\x1a\x1c', ['interrupt', 'leave', 'quit']],
  ['many at once', `q+${ESC}[Ap`, ['stop', 'up', 'up', 'pause']],
  ['other keys: page up, F5, left, Enter, a, ö, an emoji', `${ESC}[5~${ESC}[15~${ESC}[D\raö🚀`, []],
  ['letters with Alt', `${ESC}p${ESC}q`, []],
  ['Escape alone', ESC, []],
];
for (const [keys, input, commands] of rows) {
  test(`${keys}: ${commands.join(', ') || 'nothing'}`, () => assert.deepEqual(commandsOf(input), commands));
}

test('every key that is told does something', () => {
  for (const { keys, does } of KEY_HELP) {
    assert.ok(does.length > 5, keys);
    for (const key of keys.split(' or ')) {
      if (key.length === 1 && !'↑↓'.includes(key)) assert.equal(commandsOf(key).length, 1, key);
    }
  }
});

test('docs/running.md tells every key', () => {
  const page = readFileSync(new URL('../../../docs/running.md', import.meta.url), 'utf8');
  for (const { keys } of KEY_HELP) {
    for (const key of keys.split(' or ')) {
      assert.ok(page.includes(key === 'space' ? 'or space' : `\`${key}\``), key);
    }
  }
});
