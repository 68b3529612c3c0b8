import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Loader, type LookEnd, Scout, type ScoutNews } from '../../src/source/scout.ts';
import type { ContentProblem } from '../../src/template/check.ts';
import type { Content } from '../../src/template/content.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { CONTENT } from '../coordinator/run-spec.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const set = (digest: string): Content => ({ ...CONTENT, digest });
const problem = (message: string): ContentProblem => ({
  template: 'track.json',
  line: 3,
  column: 12,
  excerpt: null,
  message,
});

/** A loader that finds what the test says, and when. */
class FakeLoader implements Loader {
  looks = 0;
  closed = 0;
  readonly used: string[] = [];
  changed: () => void = () => {};
  find: () => Content | Promise<Content>;

  constructor(find: () => Content | Promise<Content> = () => set('d1')) {
    this.find = find;
  }

  async look(): Promise<Content> {
    this.looks++;
    return this.find();
  }

  watch(changed: () => void): void {
    this.changed = changed;
  }

  use({ digest }: Content): void {
    this.used.push(digest);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

/** A scout in virtual time whose run began with the set d1. */
class World {
  readonly clock = new FakeClock(1000);
  readonly loader = new FakeLoader();
  readonly offers: string[] = [];
  readonly news: ScoutNews[] = [];
  /** What the taker was told besides. */
  readonly trouble: (string | null)[] = [];
  readonly checks: string[] = [];
  readonly ending = new AbortController();
  problems: Record<string, ContentProblem[]> = {};
  check: (content: Content) => Promise<ContentProblem[]> = async ({ digest }) => this.problems[digest] ?? [];
  random = 1;
  readonly scout: Scout;
  readonly ended: Promise<void>;

  constructor(reloadMs: number | null = 10_000) {
    this.scout = new Scout({ loader: this.loader, reloadMs }, set('d1'), {
      clock: this.clock,
      random: () => this.random,
      taker: {
        offer: ({ digest }) => this.offers.push(digest),
        refuse: (reason) => this.trouble.push(`refused: ${reason}`),
        trouble: (reason) => this.trouble.push(reason),
      },
      check: (content) => {
        this.checks.push(content.digest);
        return this.check(content);
      },
      tell: (news) => this.news.push(news),
    });
    this.ended = this.scout.run(this.ending.signal);
  }

  finds(digest: string): void {
    this.loader.find = () => set(digest);
  }

  fails(message: string): void {
    this.loader.find = () => Promise.reject(new Error(message));
  }

  /** Lets time go by, and what is due in it happen. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.by(50);
      mock.timers.tick(50);
      for (let turns = 0; turns < 5; turns++) await setImmediate();
    }
  }

  kinds(): string[] {
    return this.news.map(({ kind }) => kind);
  }
}

test('it looks at once, then in every period', async () => {
  const world = new World();
  await world.pass(50);
  assert.equal(world.loader.looks, 1);
  await world.pass(9900);
  assert.equal(world.loader.looks, 1);
  await world.pass(100);
  assert.equal(world.loader.looks, 2);
  await world.pass(30_000);
  assert.equal(world.loader.looks, 5);
  assert.deepEqual([world.offers, world.checks, world.news], [[], [], []]);
});

test('a period is never longer than asked for, and up to a fifth shorter', async () => {
  const world = new World();
  world.random = 0;
  await world.pass(100);
  await world.pass(7900);
  assert.equal(world.loader.looks, 1);
  await world.pass(200);
  assert.equal(world.loader.looks, 2);
});

test('a new set is checked, then offered, once', async () => {
  const world = new World();
  await world.pass(100);
  world.finds('d2');
  await world.pass(30_000);
  assert.deepEqual(world.checks, ['d2']);
  assert.deepEqual(world.offers, ['d2']);
  assert.deepEqual(world.kinds(), ['offered']);
  world.finds('d1');
  await world.pass(10_000);
  assert.deepEqual(world.offers, ['d2', 'd1']);
  assert.deepEqual(world.loader.used, ['d1', 'd2', 'd1']);
});

test('what changes between the loading for the start and the first look is found', async () => {
  const world = new World();
  world.finds('d2');
  await world.pass(100);
  assert.deepEqual(world.offers, ['d2']);
});

test('a bad set is refused once, and not checked again while it stays', async () => {
  const world = new World();
  world.problems['bad'] = [problem('it.Foo is undefined')];
  world.finds('bad');
  await world.pass(60_000);
  assert.deepEqual(world.checks, ['bad']);
  assert.deepEqual(world.offers, []);
  assert.deepEqual(world.news, [{ kind: 'refused', content: set('bad'), problems: world.problems['bad'] }]);
});

test('after a bad set, a good one is offered; the old one is recovery', async () => {
  const world = new World();
  world.problems['bad'] = [problem('x')];
  world.finds('bad');
  await world.pass(100);
  world.finds('d1');
  await world.pass(10_000);
  assert.deepEqual(world.news.at(-1), { kind: 'recovered', afterMs: 10_000 });
  world.finds('bad');
  await world.pass(10_000);
  world.finds('d2');
  await world.pass(10_000);
  assert.deepEqual(world.kinds(), ['refused', 'recovered', 'refused', 'offered']);
  assert.deepEqual(world.checks, ['bad', 'bad', 'd2']);
});

test('whoever takes content hears in one line why there is none, and when that is over', async () => {
  const world = new World();
  world.problems['bad'] = [problem('it.Foo is undefined'), problem('x')];
  world.finds('bad');
  await world.pass(20_000);
  world.fails('nobody listens');
  await world.pass(20_000);
  world.finds('d1');
  await world.pass(30_000);
  const refused = 'refused: track.json:3:12: it.Foo is undefined (and 1 more)';
  assert.deepEqual(world.trouble, [refused, 'nobody listens', null]);
});

test('a failure is told once, another one too, and recovery', async () => {
  const world = new World(1000);
  await world.pass(100);
  world.fails('nobody listens');
  await world.pass(10_000);
  world.fails('access denied');
  await world.pass(20_000);
  world.fails('nobody listens');
  await world.pass(40_000);
  world.finds('d1');
  await world.pass(31_000);
  assert.deepEqual(
    world.news.map((news) => (news.kind === 'failed' ? news.message : news.kind)),
    ['nobody listens', 'access denied', 'recovered'],
  );
  world.fails('nobody listens');
  await world.pass(2000);
  assert.equal(world.kinds().at(-1), 'failed');
});

test('failing looks become rarer, up to one in 30 s, and recover their period', async () => {
  const world = new World(1000);
  world.fails('down');
  const counts: number[] = [];
  for (const ms of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]) {
    await world.pass(ms);
    counts.push(world.loader.looks);
  }
  assert.deepEqual(counts, [1, 2, 3, 4, 5, 6, 7, 8]);
  world.finds('d1');
  await world.pass(31_000);
  const looks = world.loader.looks;
  await world.pass(5000);
  assert.ok(world.loader.looks - looks >= 4);
});

test('without a period it looks when it is asked, and not else', async () => {
  const world = new World(null);
  await world.pass(100_000);
  assert.equal(world.loader.looks, 0);
  world.finds('d2');
  const look = world.scout.lookNow();
  await world.pass(50);
  assert.equal(await look, 'offered');
  assert.deepEqual(world.offers, ['d2']);
});

test('who asks hears how the look ended', async () => {
  const world = new World();
  const ends: LookEnd[] = [];
  const ask = async (): Promise<void> => {
    const look = world.scout.lookNow();
    await world.pass(50);
    ends.push(await look);
  };
  await ask();
  world.problems['bad'] = [problem('x')];
  world.finds('bad');
  await ask();
  world.fails('down');
  await ask();
  world.finds('d2');
  await ask();
  assert.deepEqual(ends, ['unchanged', 'refused', 'failed', 'offered']);
});

test('who asks again is told again', async () => {
  const world = new World();
  world.problems['bad'] = [problem('x')];
  world.finds('bad');
  await world.pass(100);
  void world.scout.lookNow();
  await world.pass(100);
  world.fails('down');
  await world.pass(20_000);
  void world.scout.lookNow();
  await world.pass(100);
  assert.deepEqual(world.kinds(), ['refused', 'refused', 'failed', 'failed']);
});

test('asked during a look, it looks once more after it, for all who asked', async () => {
  const world = new World(null);
  const first = Promise.withResolvers<Content>();
  world.loader.find = () => first.promise;
  const one = world.scout.lookNow();
  await world.pass(50);
  const [two, three] = [world.scout.lookNow(), world.scout.lookNow()];
  world.finds('d2');
  await world.pass(50);
  assert.equal(world.loader.looks, 1);
  first.resolve(set('d1'));
  await world.pass(50);
  assert.deepEqual([await one, await two, await three], ['unchanged', 'offered', 'offered']);
  assert.equal(world.loader.looks, 2);
});

test('a watched folder that changes is looked at when it has been quiet for a moment', async () => {
  const world = new World(3_600_000);
  await world.pass(100);
  world.finds('d2');
  for (let i = 0; i < 5; i++) {
    world.loader.changed();
    await world.pass(50);
  }
  assert.equal(world.loader.looks, 1);
  await world.pass(100);
  assert.equal(world.loader.looks, 2);
  assert.deepEqual(world.offers, ['d2']);
});

test('a folder that is never quiet is looked at once a second', async () => {
  const world = new World(3_600_000);
  await world.pass(100);
  for (let i = 0; i < 60; i++) {
    world.loader.changed();
    await world.pass(50);
  }
  assert.ok(world.loader.looks >= 3 && world.loader.looks <= 5, `${world.loader.looks} looks`);
});

test('a change that is heard of during a look is looked at after it', async () => {
  const world = new World(3_600_000);
  const first = Promise.withResolvers<Content>();
  world.loader.find = () => first.promise;
  await world.pass(50);
  world.loader.changed();
  await world.pass(200);
  world.finds('d2');
  first.resolve(set('d1'));
  await world.pass(50);
  assert.deepEqual(world.offers, ['d2']);
});

test('another lookout is looked at at once, with its own period; the loader before is closed when nobody needs it', async () => {
  const world = new World();
  await world.pass(100);
  const second = new FakeLoader(() => set('d2'));
  const look = world.scout.lookAt({ loader: second, reloadMs: 2000 });
  await world.pass(50);
  assert.equal(await look, 'offered');
  await world.pass(4000);
  assert.equal(second.looks, 3);
  assert.equal(world.loader.looks, 1);
  assert.equal(world.loader.closed, 0, 'lanes may still read what it fetched');
  second.find = () => set('d3');
  await world.pass(2000);
  assert.deepEqual(world.offers, ['d2', 'd3']);
  assert.deepEqual([world.loader.closed, second.closed], [1, 0]);
});

test('what an older lookout finds late is nobody’s', async () => {
  const world = new World();
  const late = Promise.withResolvers<Content>();
  world.loader.find = () => late.promise;
  await world.pass(50);
  const look = world.scout.lookAt({ loader: new FakeLoader(() => set('d3')), reloadMs: null });
  late.resolve(set('d2'));
  await world.pass(50);
  assert.equal(await look, 'offered');
  assert.deepEqual(world.offers, ['d3']);
});

test('a check that cannot be made is a failure', async () => {
  const world = new World();
  world.finds('d2');
  world.check = () => Promise.reject(new Error('no processes left'));
  await world.pass(100);
  assert.deepEqual(world.news, [{ kind: 'failed', message: 'no processes left' }]);
  world.check = async () => [];
  await world.pass(20_000);
  assert.deepEqual(world.offers, ['d2']);
});

test('at its end it offers nothing more, answers who waits, and closes its loader', async () => {
  const world = new World();
  await world.pass(100);
  world.finds('d2');
  const check = Promise.withResolvers<ContentProblem[]>();
  world.check = () => check.promise;
  const look = world.scout.lookNow();
  await world.pass(50);
  const after = world.scout.lookNow();
  world.ending.abort();
  check.resolve([]);
  await world.ended;
  assert.deepEqual([await look, await after], ['unchanged', 'unchanged']);
  assert.deepEqual(world.offers, []);
  assert.equal(world.loader.closed, 1);
});

/** A scout with nothing to begin with, that is to find something. */
function startEmpty(world: World, loader: Loader, differences: object = {}) {
  const offers: string[] = [];
  const scout = new Scout({ loader, reloadMs: null, known: null, insists: true, ...differences }, null, {
    clock: world.clock,
    random: () => 1,
    taker: { offer: ({ digest }) => offers.push(digest), refuse: () => {}, trouble: () => {} },
    check: async ({ digest }) => world.problems[digest] ?? [],
    tell: () => {},
  });
  const ended = scout.run(world.ending.signal);
  return { scout, offers, ended };
}

test('with nothing to begin with, the first good set is offered, and looked for until there is one', async () => {
  const world = new World();
  world.problems['d1'] = [problem('bad')];
  const loader = new FakeLoader(() => Promise.reject(new Error('not there')));
  const { offers } = startEmpty(world, loader);
  await world.pass(4050);
  assert.equal(loader.looks, 2, 'after 2 s, and twice as long after each failure');
  await world.pass(100_000);
  assert.ok(loader.looks >= 5 && loader.looks <= 8, `${loader.looks} looks`);
  loader.find = () => set('d1');
  await world.pass(32_000);
  assert.deepEqual(offers, [], 'a bad one is none');
  loader.find = () => set('d2');
  await world.pass(2500);
  assert.deepEqual(offers, ['d2']);
  const { looks } = loader;
  await world.pass(100_000);
  assert.equal(loader.looks, looks, 'there is no period, and nothing is wrong');
});

test('one that another scout has found is known, and what is known can be another at another lookout', async () => {
  const world = new World();
  const { scout, offers } = startEmpty(world, new FakeLoader(() => set('d1')), { known: 'd1' });
  assert.equal(await settledOf(world, scout.lookNow()), 'unchanged');
  const again = () => ({ loader: new FakeLoader(() => set('d1')), reloadMs: null });
  assert.equal(await settledOf(world, scout.lookAt(again())), 'unchanged');
  assert.equal(await settledOf(world, scout.lookAt({ ...again(), known: null })), 'offered');
  assert.deepEqual(offers, ['d1']);
});

async function settledOf(world: World, look: Promise<LookEnd>): Promise<LookEnd> {
  await world.pass(100);
  return look;
}
