import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import type { WatchEvent, WatchSource } from '../../src/kube/watch-source.ts';
import {
  type StepContext,
  step,
  type WatchChange,
  Watcher,
  type WatchState,
} from '../../src/kube/watcher.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { VirtualTime } from '../time/virtual-time.ts';

type Page = Awaited<ReturnType<WatchSource<string>['list']>>;
type Watch = Parameters<WatchSource<string>['watch']>[0];

/** Plays back what a source does: each call takes the next of its kind; an error is thrown. */
class Script implements WatchSource<string> {
  readonly what = 'things';
  readonly lists: string[] = [];
  readonly watches: Watch[] = [];
  readonly pages: (Page | Error)[];
  readonly streams: (WatchEvent<string> | Error | 'wait')[][];

  constructor(pages: (Page | Error)[], streams: (WatchEvent<string> | Error | 'wait')[][] = []) {
    this.pages = pages;
    this.streams = streams;
  }

  async list(after: string): Promise<Page> {
    this.lists.push(after);
    const page = this.pages.shift() ?? new Error('no more pages');
    if (page instanceof Error) throw page;
    return page;
  }

  async *watch(options: Watch): AsyncGenerator<WatchEvent<string>> {
    this.watches.push(options);
    for (const event of this.streams.shift() ?? [new Error('no more streams')]) {
      if (event instanceof Error) throw event;
      if (event === 'wait') {
        await new Promise((_, reject) => {
          const { signal } = options;
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      } else yield event;
    }
  }
}

const page = (items: string[], resourceVersion: string, next = ''): Page => ({
  items,
  resourceVersion,
  next,
});
const expired = new KubeError('Expired', 'too old');
const down = new KubeError('Unreachable', 'down');

function contextOf(source: WatchSource<string>): StepContext<string> & { clock: FakeClock } {
  return { source, clock: new FakeClock(), random: () => 0.5, signal: new AbortController().signal };
}

const watching = (source: Script, silentSince: number | null = null): WatchState<string> => ({
  at: 'watching',
  resourceVersion: '5',
  silentSince,
  events: source.watch({
    resourceVersion: '5',
    seconds: 1,
    deadlineMs: 1,
    signal: new AbortController().signal,
  }),
});

/** What is said of a state apart from its stream. */
const place = ({
  state,
  changes,
  error,
}: {
  state: WatchState<string>;
  changes: WatchChange<string>[];
  error?: unknown;
}) => ({
  at: state.at,
  from: 'resourceVersion' in state ? state.resourceVersion : 'after' in state ? state.after : '',
  changes: changes.map((change) => ('object' in change ? `${change.type} ${change.object}` : change.type)),
  error,
});

suite('a step', () => {
  const rows: [name: string, state: (source: Script) => WatchState<string>, source: Script, then: object][] =
    [
      [
        'of nothing: the first page, which may be the last',
        () => ({ at: 'unlisted' }),
        new Script([page(['a', 'b'], '5')]),
        { at: 'listed', from: '5', changes: ['listBegun', 'item a', 'item b', 'listEnded'] },
      ],
      [
        'of nothing: the first of several pages',
        () => ({ at: 'unlisted' }),
        new Script([page(['a'], '5', 'p2')]),
        { at: 'listing', from: 'p2', changes: ['listBegun', 'item a'] },
      ],
      [
        'within a list: a further page',
        () => ({ at: 'listing', after: 'p2' }),
        new Script([page(['c'], '5', 'p3')]),
        { at: 'listing', from: 'p3', changes: ['item c'] },
      ],
      [
        'within a list: the last page',
        () => ({ at: 'listing', after: 'p3' }),
        new Script([page([], '5')]),
        { at: 'listed', from: '5', changes: ['listEnded'] },
      ],
      [
        'within a list that fails: the same page again',
        () => ({ at: 'listing', after: 'p2' }),
        new Script([down]),
        { at: 'listing', from: 'p2', changes: [], error: down },
      ],
      [
        'within a list that is too old: from the start',
        () => ({ at: 'listing', after: 'p2' }),
        new Script([expired]),
        { at: 'unlisted', changes: [], error: expired },
      ],
      [
        'of nothing that fails: nothing',
        () => ({ at: 'unlisted' }),
        new Script([down]),
        { at: 'unlisted', changes: [], error: down },
      ],
      [
        'of a whole list: a watch from there on',
        () => ({ at: 'listed', resourceVersion: '5' }),
        new Script([]),
        { at: 'watching', from: '5', changes: [] },
      ],
      [
        'of a watch: an object',
        watching,
        new Script([], [[{ type: 'set', object: 'a', resourceVersion: '6' }]]),
        { at: 'watching', from: '6', changes: ['set a'] },
      ],
      [
        'of a watch: the end of an object',
        watching,
        new Script([], [[{ type: 'gone', object: 'a', resourceVersion: '6' }]]),
        { at: 'watching', from: '6', changes: ['gone a'] },
      ],
      [
        'of a watch: a bookmark, which is not told',
        watching,
        new Script([], [[{ type: 'bookmark', resourceVersion: '9' }]]),
        { at: 'watching', from: '9', changes: [] },
      ],
      [
        'of a watch that ends: another from there on',
        watching,
        new Script([], [[]]),
        { at: 'listed', from: '5', changes: [] },
      ],
      [
        'of a watch that ends at once, with nothing told: a failure',
        (source) => watching(source, 0),
        new Script([], [[]]),
        { at: 'listed', from: '5', changes: [], error: new Error('watch things: ended at once') },
      ],
      [
        'of a watch that breaks: another from there on',
        watching,
        new Script([], [[down]]),
        { at: 'listed', from: '5', changes: [], error: down },
      ],
      [
        'of a watch that is too old: from the start',
        watching,
        new Script([], [[expired]]),
        { at: 'unlisted', changes: [], error: expired },
      ],
    ];
  for (const [name, state, source, then] of rows) {
    test(name, async () => {
      const result = await step(state(source), contextOf(source));
      assert.deepEqual(place(result), { from: '', error: undefined, ...then });
    });
  }

  test('asks for pages where the one before ended, and for a watch of 240 to 290 s with 5 s more for its end', async () => {
    const source = new Script([page([], '5', 'p2'), page([], '5')]);
    const seconds: number[] = [];
    for (const random of [0, 0.5, 0.999]) {
      const { state } = await step(
        { at: 'listed', resourceVersion: '5' },
        { ...contextOf(source), random: () => random },
      );
      void (state.at === 'watching' && (await state.events.next().catch(() => {})));
      const { seconds: asked, deadlineMs, resourceVersion } = source.watches.at(-1)!;
      assert.deepEqual([deadlineMs, resourceVersion], [asked * 1000 + 5000, '5']);
      seconds.push(asked);
    }
    assert.deepEqual(seconds, [240, 265, 290]);
    await step({ at: 'unlisted' }, contextOf(source));
    await step({ at: 'listing', after: 'p2' }, contextOf(source));
    assert.deepEqual(source.lists, ['', 'p2']);
  });

  test('a watch that was open for a second may end with nothing told', async () => {
    const source = new Script([], [[]]);
    const context = contextOf(source);
    context.clock.by(1000);
    assert.equal((await step(watching(source, 0), context)).error, undefined);
  });
});

suite('a watcher', () => {
  async function run(script: Script, forMs: number) {
    const time = new VirtualTime();
    const told: string[] = [];
    const failures: [message: string, waitMs: number][] = [];
    const watcher = new Watcher<string>({
      source: script,
      take: (change) => told.push('object' in change ? `${change.type} ${change.object}` : change.type),
      clock: time.clock,
      failed: (error, waitMs) => failures.push([(error as Error).message, waitMs]),
      random: () => 1,
    });
    const stop = new AbortController();
    const ended = watcher.run(stop.signal);
    try {
      await time.advance(forMs);
      const { ageMs } = watcher;
      stop.abort(new Error('stopped'));
      await ended;
      return { told, failures, ageMs };
    } finally {
      time.dispose();
    }
  }

  test('goes on through failures until it is told to end, and waits longer after each', async () => {
    const script = new Script(
      [down, down, page(['a'], '5', 'p2'), expired, page(['a', 'b'], '7')],
      [[down], [{ type: 'set', object: 'c', resourceVersion: '8' }, expired], ['wait']],
    );
    script.pages.push(page(['c'], '9'));
    const { told, failures } = await run(script, 60_000);
    assert.deepEqual(failures, [
      ['down', 500],
      ['down', 1000],
      ['too old', 2000],
      ['down', 4000],
      ['too old', 8000],
    ]);
    assert.equal(
      told.join(', '),
      'listBegun, item a, listBegun, item a, item b, listEnded, set c, listBegun, item c, listEnded',
    );
    assert.deepEqual(
      script.watches.map(({ resourceVersion }) => resourceVersion),
      ['7', '7', '9'],
    );
  });

  test('waits as long as the server asks', async () => {
    const busy = new KubeError('TooManyRequests', 'busy', { retryAfterMs: 7000 });
    const { failures, told } = await run(new Script([busy, page([], '5')], [['wait']]), 7000);
    assert.deepEqual(failures, [['busy', 7000]]);
    assert.deepEqual(told, ['listBegun', 'listEnded']);
  });

  test('opens a watch that ended as it should without a wait', async () => {
    const told: WatchEvent<string> = { type: 'bookmark', resourceVersion: '6' };
    const script = new Script([page([], '5')], [[told], [told], [told], ['wait']]);
    const { failures } = await run(script, 100);
    assert.deepEqual(failures, []);
    assert.equal(script.watches.length, 4);
  });

  test('says how long ago it heard of the server', async () => {
    const script = new Script([page([], '5')], [['wait']]);
    assert.equal((await run(script, 30_000)).ageMs, 30_000);
  });

  test('ends with what its owner throws', async () => {
    const watcher = new Watcher<string>({
      source: new Script([page(['a'], '5')]),
      take: () => {
        throw new Error('a bug');
      },
      clock: new FakeClock(),
    });
    await assert.rejects(watcher.run(new AbortController().signal), /a bug/);
  });
});
