import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { mock, test } from 'node:test';
import { createDisplay, type Display, type DisplayOptions } from '../../../src/cli/display/display.ts';
import type { KeySource } from '../../../src/cli/display/keyboard.ts';
import { runSnapshot } from '../../report/run-snapshot.ts';

const SEQUENCE_OR_TEXT = /\p{Cc}\[\??\d*[A-Za-z]|\p{Cc}|\P{Cc}+/gu;

/** As much of a terminal as the display uses: a stream, a size, and a screen made from what was written. */
class Terminal extends PassThrough {
  isTTY = true;
  columns: number;
  rows: number;
  readonly writes: string[] = [];
  cursorVisible = true;
  #screen: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 40) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  override write(chunk: unknown): boolean {
    const text = String(chunk);
    this.writes.push(text);
    for (const [part] of text.matchAll(SEQUENCE_OR_TEXT)) this.#take(part);
    return true;
  }

  get screen(): string[] {
    return this.#screen;
  }

  /** Breaks the lines on the screen anew, as terminals do, and tells the display. */
  resize(columns: number): void {
    this.columns = columns;
    this.#screen = this.#screen.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    this.#row = this.#screen.length - 1;
    this.emit('resize');
  }

  #take(part: string): void {
    const up = /^\p{Cc}\[(\d+)A$/u.exec(part);
    if (up) this.#row -= Number(up[1]);
    else if (part === '\n') this.#row++;
    else if (part === '\x1b[J') this.#screen.length = this.#row;
    else if (part === '\x1b[K') this.#screen[this.#row] = this.#screen[this.#row]!.slice(0, this.#column);
    else if (part === '\x1b[?25l') this.cursorVisible = false;
    else if (part === '\x1b[?25h') this.cursorVisible = true;
    else if (part !== '\r') this.#type(part);
    if (part === '\n' || part === '\r') this.#column = 0;
    assert.ok(this.#row >= 0, 'the cursor left the top of the screen');
    while (this.#screen.length <= this.#row) this.#screen.push('');
  }

  #type(text: string): void {
    const line = this.#screen[this.#row]!;
    this.#screen[this.#row] = line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }
}

/** Runs `use` with a display on that stream and with time in hand. */
function withDisplay(
  stream: Terminal,
  use: (display: Display) => void,
  options: Pick<DisplayOptions, 'keys' | 'pressed'> = {},
): void {
  mock.timers.enable({ apis: ['setInterval'] });
  const display = createDisplay({
    stream: stream as unknown as NodeJS.WriteStream,
    colour: false,
    ...options,
  });
  try {
    use(display);
  } finally {
    display.end();
    mock.timers.reset();
  }
}

const at = (elapsedMs: number) => runSnapshot({ elapsedMs, scheduleMs: elapsedMs });

test('frames are drawn over one another: there is always one block on the screen', () => {
  const terminal = new Terminal();
  withDisplay(terminal, (display) => {
    for (let second = 0; second < 10; second++) {
      display.update(at(second * 1000));
      mock.timers.tick(200);
      const bars = terminal.screen.filter((line) => line.includes('of 20s'));
      assert.equal(bars.length, 1, terminal.screen.join('\n'));
      assert.match(bars[0]!, new RegExp(` ${second}s of 20s`));
    }
  });
});

test('at most five frames a second, each in one write, and none where nothing is new', () => {
  const terminal = new Terminal();
  withDisplay(terminal, (display) => {
    display.update(at(0));
    const before = terminal.writes.length;
    for (let i = 0; i < 100; i++) {
      display.update(at(i * 10));
      mock.timers.tick(10);
    }
    assert.equal(terminal.writes.length - before, 5);
    mock.timers.tick(10_000);
    assert.equal(terminal.writes.length - before, 5);
  });
});

test('a note stays above the block', () => {
  const terminal = new Terminal();
  withDisplay(terminal, (display) => {
    display.update(at(0));
    display.note('first');
    display.note('second\nof two lines');
    display.update(at(5000));
    mock.timers.tick(200);
    assert.deepEqual(terminal.screen.slice(0, 4), ['first', 'second', 'of two lines', '']);
    assert.equal(terminal.screen.filter((line) => line.includes('of 20s')).length, 1);
  });
  assert.deepEqual(terminal.screen, ['first', 'second', 'of two lines', '']);
});

test('the cursor is hidden while the block is drawn and shown when it ends, which leaves nothing behind', () => {
  const terminal = new Terminal();
  const listeners = () =>
    ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].map((name) => process.listenerCount(name));
  const before = listeners();
  withDisplay(terminal, (display) => {
    display.update(at(0));
    assert.equal(terminal.cursorVisible, false);
    display.end();
    assert.equal(terminal.cursorVisible, true);
    const writes = terminal.writes.length;
    display.end();
    display.update(at(1000));
    mock.timers.tick(1000);
    assert.equal(terminal.writes.length, writes);
  });
  assert.deepEqual(terminal.screen, ['']);
  assert.deepEqual(listeners(), before);
  assert.equal(terminal.listenerCount('resize'), 0);
});

test('a block higher than the terminal is cut, so that the cursor can come back to its top', () => {
  const terminal = new Terminal(80, 6);
  withDisplay(terminal, (display) => {
    display.update(at(0));
    display.update(at(5000));
    mock.timers.tick(200);
    assert.equal(terminal.screen.length, 6);
  });
});

test('a terminal made narrower has broken the lines: the block is drawn from where they began', () => {
  const terminal = new Terminal(90);
  withDisplay(terminal, (display) => {
    display.note('stays');
    display.update(at(5000));
    for (const columns of [40, 17, 90]) {
      terminal.resize(columns);
      assert.equal(terminal.screen[0], 'stays');
      assert.equal(
        terminal.screen.filter((line) => line.startsWith(' rate')).length,
        1,
        terminal.screen.join('\n'),
      );
      assert.ok(terminal.screen.every((line) => line.length < columns));
    }
  });
  assert.deepEqual(terminal.screen, ['stays', '']);
});

test('without a terminal: a line at each change of phase and every five seconds, no control characters', () => {
  const stream = new Terminal();
  stream.isTTY = false;
  withDisplay(stream, (display) => {
    display.update(runSnapshot({ phase: 'Preparing', startedAt: null }));
    display.note('a note');
    for (let ms = 0; ms <= 12_000; ms += 200) {
      display.update(at(ms));
      mock.timers.tick(200);
    }
    display.update(runSnapshot({ phase: 'Draining', elapsedMs: 20_000 }));
  });
  assert.deepEqual(
    stream.writes.map((line) => /^a note|Preparing|Running|Waiting/.exec(line)?.[0]),
    ['Preparing', 'a note', 'Running', 'Running', 'Running', 'Waiting'],
  );
  assert.ok(stream.writes.every((line) => /^[^\p{Cc}]+\n$/u.test(line)));
});

/** As much of a terminal's input as keys need. */
class Keys extends EventEmitter {
  isRaw = false;
  isFlowing = false;
  isOurs = true;

  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }

  resume(): this {
    this.isFlowing = true;
    return this;
  }

  pause(): this {
    this.isFlowing = false;
    return this;
  }

  press(keys: string): void {
    this.emit('data', Buffer.from(keys));
  }

  get source(): KeySource {
    return { input: this as unknown as KeySource['input'], isOurs: () => this.isOurs };
  }
}

function withKeys(use: (display: Display, keys: Keys, terminal: Terminal, pressed: string[]) => void): void {
  const [terminal, keys, pressed] = [new Terminal(), new Keys(), [] as string[]];
  withDisplay(terminal, (display) => use(display, keys, terminal, pressed), {
    keys: keys.source,
    pressed: (command) => pressed.push(command),
  });
}

test('keys are told while the block is there, and the terminal takes them raw', () => {
  withKeys((display, keys, terminal, pressed) => {
    display.update(at(0));
    assert.deepEqual([keys.isRaw, keys.isFlowing], [true, true]);
    keys.press('+p');
    keys.press('q');
    assert.deepEqual(pressed, ['up', 'pause', 'stop']);
    assert.ok(terminal.screen.some((line) => line.startsWith(' keys ')));
    display.end();
    assert.deepEqual([keys.isRaw, keys.isFlowing, keys.listenerCount('data')], [false, false, 0]);
    keys.press('q');
    assert.equal(pressed.length, 3);
  });
});

test('? shows all keys in place of the figures, and hides them again; nobody else is told', () => {
  withKeys((display, keys, terminal, pressed) => {
    display.update(at(0));
    const text = () => terminal.screen.join('\n');
    assert.match(text(), /whole run/);
    keys.press('?');
    assert.match(text(), /↑ or \+ +send faster/);
    assert.doesNotMatch(text(), /whole run/);
    keys.press('h');
    assert.match(text(), /whole run/);
    assert.deepEqual(pressed, []);
  });
});

test('what was changed by keys stands in the block at once', () => {
  withKeys((display, _, terminal) => {
    display.update(at(0));
    const line = () => terminal.screen.find((each) => each.startsWith(' by keys'));
    assert.equal(line(), undefined);
    display.steered('2,000/s in place of 1,000/s');
    assert.match(line()!, /2,000\/s in place of 1,000\/s/);
    display.steered('');
    assert.equal(line(), undefined);
  });
});

test('hidden, the display leaves the terminal as it was before; shown again, it goes on', () => {
  withKeys((display, keys, terminal) => {
    display.update(at(0));
    display.note('stays');
    display.hide();
    assert.deepEqual(terminal.screen, ['stays', '']);
    assert.deepEqual([terminal.cursorVisible, keys.isRaw, keys.isFlowing], [true, false, false]);
    display.update(at(1000));
    mock.timers.tick(1000);
    display.hide();
    assert.deepEqual(terminal.screen, ['stays', '']);
    display.show();
    assert.deepEqual([terminal.cursorVisible, keys.isRaw, keys.isFlowing], [false, true, true]);
    assert.ok(terminal.screen.some((line) => line.includes('1s of 20s')));
  });
});

test('in the background the terminal is left alone, until this process comes to the foreground', () => {
  withKeys((display, keys) => {
    display.hide();
    keys.isOurs = false;
    display.show();
    display.update(at(0));
    mock.timers.tick(200);
    assert.deepEqual([keys.isRaw, keys.isFlowing], [false, false]);
    keys.isOurs = true;
    display.update(at(1000));
    mock.timers.tick(200);
    assert.deepEqual([keys.isRaw, keys.isFlowing], [true, true]);
  });
});

test('without a terminal for the block there are no keys', () => {
  const [stream, keys] = [new Terminal(), new Keys()];
  stream.isTTY = false;
  withDisplay(stream, (display) => display.update(at(0)), { keys: keys.source });
  assert.deepEqual([keys.isRaw, keys.isFlowing], [false, false]);
});

const script = path.join(import.meta.dirname, 'display-process.ts');

/** Runs the display in a process of its own, which gets a signal once it has drawn. */
async function endOf(args: string[], signal: NodeJS.Signals | null) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (signal !== null && text.includes('left')) child.kill(signal);
  });
  const [code, endedBy] = (await once(child, 'close')) as [number | null, string | null];
  return { code, endedBy, output };
}

test('a signal that nobody handles still ends the process, with the terminal as it was before', async () => {
  const endBy = async (signal: NodeJS.Signals): Promise<void> => {
    const { code, endedBy, output } = await endOf([], signal);
    assert.deepEqual([code, endedBy], [null, signal]);
    assert.match(output, /\?25l<raw>[^]*<cooked>.\[\?25h$/);
  };
  await Promise.all((['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map(endBy));
});

test('leaving the process without an end, or by a mistake, gives the terminal back', async () => {
  for (const [how, expected] of [
    ['exit', 7],
    ['crash', 1],
  ] as const) {
    const { code, output } = await endOf([how], null);
    assert.equal(code, expected);
    assert.match(output, /<raw>[^]*<cooked>.\[\?25h$/);
  }
});
