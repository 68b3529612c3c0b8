import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/attack/clock.ts';
import { scoutFor } from '../../src/cli/run/scouting.ts';
import { folderWith } from '../cli/manifest/files.ts';
import { useServer } from '../services/servers.ts';
import { Store } from '../source/s3/store.ts';
import { startRun, type TestRun } from './harness.ts';
import { perSecond, startVersionTarget, type VersionTarget } from './version-target.ts';

const s3 = await useServer('s3', { set: [] });
after(() => s3.stop());
const PERIOD_MS = 1000;
/** A change must be at the target within a period and this. */
const REST_MS = 2000;

/** On whatever machine. */
const SOON_MS = 45_000;

/** A template whose targets tell the version at the end of their path. */
const version = (name: string, more = ''): string =>
  `${more}{"method": "GET", "url": "<%= it.BaseURL %>/${name}"}`;

describe('sets that change while a run goes on', { skip: s3.missing }, () => {
  let target: VersionTarget;
  let store: Store;
  before(async () => {
    target = await startVersionTarget();
    store = new Store(s3.at);
  });
  beforeEach(() => target.reset());
  after(async () => {
    await target.close();
    await store.close();
  });

  interface Scouted {
    run: TestRun;
    /** What people were told. */
    news: string[];
    /** Resolves when a text was told that matches. */
    told: (text: RegExp, withinMs: number) => Promise<void>;
    /** Writes the keys of the Secret that sources name. */
    setKeys: (keys: Record<string, string>) => void;
    /** Ends both; the test does it too. */
    end: () => Promise<void>;
  }

  /** A run with its scout, both ended with the test. */
  async function start(t: TestContext, from: object, spec: Record<string, unknown>): Promise<Scouted> {
    const folder = folderWith(t, {});
    const secret = join(folder, 'secret.json');
    const setKeys = (stringData: Record<string, string>): void => {
      const metadata = { name: 'keys' };
      writeFileSync(secret, JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
    };
    setKeys(store.keys);
    const templates = { entry: 'target.json', reload: `${PERIOD_MS}ms`, from: [from] };
    const run = await startRun(target.url, { ...spec, templates }, { files: [secret] });
    const news = run.notes;
    const scout = scoutFor(run.test, run.coordinator, (text) => news.push(text));
    const ending = new AbortController();
    const scouted = scout.run(ending.signal);
    const end = async (): Promise<void> => {
      ending.abort();
      await scouted;
      run.coordinator.stop('StoppedByUser', 'the test is over');
      await run.ended;
    };
    t.after(end);
    return {
      run,
      end,
      news,
      setKeys,
      async told(text, withinMs) {
        const end = Date.now() + withinMs;
        while (!news.some((each) => text.test(each))) {
          if (Date.now() > end)
            assert.fail(`${text} was not told within ${withinMs} ms: ${news.join(' | ')}`);
          await sleep(20);
        }
      },
    };
  }

  const bucket = (prefix: string, name = store.bucket) => {
    const { endpoint } = store;
    const credentials = { secretName: 'keys' };
    return { s3: { bucket: name, prefix, endpoint, pathStyle: true, credentials } };
  };

  it('objects that are new reach the target in time, on all workers, without a gap', async (t) => {
    // The process that notes when hits come can be held up as well, and no lag of a lane shows that: so three attempts.
    for (let attempt = 1; attempt < 3; attempt++) {
      try {
        if (await reloadsUnderLoad(t)) return;
      } catch (error) {
        t.diagnostic(`attempt ${attempt}: ${(error as Error).message}`);
      }
    }
    if (!(await reloadsUnderLoad(t)))
      t.diagnostic('the machine was too busy to judge times; the counts were exact');
  });

  /** @returns whether this machine kept up, so that times say something of the swap; they are judged then */
  async function reloadsUnderLoad(t: TestContext): Promise<boolean> {
    target.reset();
    await store.put('load/target.json', version('v1'));
    const rate = 5000;
    const workers = { replicas: 2 };
    const { run, end } = await start(t, bucket('load/'), { rate: `${rate}/s`, warmup: '3s', workers });
    await target.sees('v1', SOON_MS);
    await sleep(3000);
    const delays: number[] = [];
    for (const name of ['v2', 'v3']) {
      const put = systemClock.now();
      await store.put('load/target.json', version(name));
      delays.push((await target.sees(name, SOON_MS)).first - put);
      await sleep(1000);
    }
    await end();
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    // A hit that was given up may come late or not at all.
    const sent = last.warmup.counts.sent + last.tally.counts.sent;
    const answered = last.warmup.counts.succeeded + last.tally.counts.succeeded;
    assert.ok(target.arrivals.length >= answered && target.arrivals.length <= sent);
    assert.deepEqual([last.templates.applied, last.templates.updated], [2, 2]);
    // Whatever holds this machine up shows in the lanes' own lag.
    if (last.tally.lag.maxUs > 8000) return false;
    for (const delay of delays) assert.ok(delay < PERIOD_MS + REST_MS, `${delay} ms until a new set came`);
    for (const [older, newer] of [
      ['v1', 'v2'],
      ['v2', 'v3'],
    ] as const) {
      const gap = target.versions.get(newer)!.first - target.versions.get(older)!.last;
      assert.ok(gap < 50, `${gap} ms from the last ${older} to the first ${newer}`);
    }
    for (const hits of perSecond(target.arrivals).slice(3, -1))
      assert.ok(Math.abs(hits - rate) <= rate / 100, `${hits} hits in a second`);
    return true;
  }

  it('whatever is wrong with a source, the last good set goes on; each thing is told once; it recovers by itself', async (t) => {
    const own = await new Store(s3.at, 'trouble').make();
    t.after(() => own.close());
    const good = { 'target.json': "<%~ includeTemplate('part') %>", part: version('good') };
    await own.putAll(good);
    const { run, news, told, setKeys } = await start(t, bucket('', 'trouble'), { rate: '200/s' });
    await target.sees('good', 20_000);

    const goesOn = async (): Promise<void> => {
      const before = target.versions.get('good')!.count;
      await sleep(500);
      assert.ok(target.versions.get('good')!.count > before + 50, 'the last good set goes on');
      assert.equal(target.versions.size, 1);
    };
    const recovers = async (): Promise<void> => {
      await told(/^the sources are all right again/, SOON_MS);
      assert.equal(run.coordinator.snapshot().templates.lastError, '');
      news.length = 0;
    };
    const trouble = async (text: RegExp): Promise<void> => {
      await told(text, SOON_MS);
      assert.match(
        run.coordinator.snapshot().templates.lastError,
        new RegExp(text.source.replace(/^.*goes on: /, '')),
      );
      // A second look must not say it again.
      await sleep(1500);
      await goesOn();
      const troubles = news.filter((each) => each.includes('the last good set goes on'));
      assert.equal(troubles.length, 1, news.join('\n'));
    };
    const refused = 'templates were refused, the last good set goes on: ';
    const unread = 'the sources of templates cannot be read, the last good set goes on: ';

    // A broken template.
    await own.put('part', version('broken', '<% if (true) { %>'));
    await trouble(new RegExp(`^${refused}part:1:[0-9]+: `));
    await own.put('part', good.part);
    await recovers();

    // Half of a set: what is included is not there yet.
    await own.put('target.json', "<%~ includeTemplate('new-part') %>");
    await trouble(new RegExp(`${refused}target.json:1:[0-9]+: there is no template "new-part"`));
    await own.put('target.json', good['target.json']);
    await recovers();

    // A deleted object.
    await own.delete('part');
    await trouble(new RegExp(`${refused}target.json:1:[0-9]+: there is no template "part"`));
    await own.put('part', good.part);
    await recovers();

    // A loop without an end.
    await own.put('part', version('loop', '<% for (;;); %>'));
    await trouble(new RegExp(`${refused}part: it is still being rendered after 10 s`));
    await own.put('part', good.part);
    await recovers();

    // An object that is too large.
    await own.put('big', Buffer.alloc(100 * 1024 * 1024, 'x'));
    await trouble(new RegExp(`${unread}.*104857600: templates may have 5 MiB$`));
    await own.delete('big');
    await recovers();

    // Wrong credentials.
    setKeys({ ...store.keys, secretAccessKey: 'another' });
    await trouble(new RegExp(`${unread}.*the secret access key of Secret keys is wrong`));
    setKeys(store.keys);
    await recovers();

    // The server stands still; a worker that is lost meanwhile gets a successor, which gets the good set.
    process.kill(Number(s3.at['S3_PID']), 'SIGSTOP');
    await told(new RegExp(`${unread}.*(does not answer in time|gives no whole answer)`), SOON_MS);
    process.kill(run.pool.pidOf({ index: 0, replacement: 0 })!, 'SIGKILL');
    await run.until(({ workers }) => workers.some((worker) => worker.replacement === 1 && worker.sent > 0));
    await goesOn();
    process.kill(Number(s3.at['S3_PID']), 'SIGCONT');
    await recovers();

    // The server is gone, and comes back.
    process.kill(Number(s3.at['S3_PID']), 'SIGKILL');
    await trouble(new RegExp(`${unread}.*nobody listens`));
    await s3.restart();
    await recovers();

    // The bucket is gone.
    await own.delete('part');
    await own.delete('target.json');
    await told(/has no object/, SOON_MS);
    await own.remove();
    await told(/there is no bucket "trouble"/, SOON_MS);
    await goesOn();
    await own.make();
    await own.putAll({ ...good, part: version('back') });
    await target.sees('back', SOON_MS);

    assert.deepEqual(run.brokenLaws, []);
  });

  it('a saved file is sent without waiting for a period', async (t) => {
    const folder = folderWith(t, { 'target.json': version('one') });
    const { news } = await start(t, { directory: { path: folder } }, { rate: '200/s' });
    await target.sees('one', 20_000);
    await sleep(500);
    for (const name of ['two', 'three']) {
      writeFileSync(join(folder, 'target.json'), version(name));
      await target.sees(name, 3000);
    }
    assert.equal(news.length, 2, news.join('\n'));
  });
});
