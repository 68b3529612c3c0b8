import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { dropped } from '../../src/metrics/tally.ts';
import { makeCannedContent } from '../../src/template/make-content.ts';
import { startRun, type TestRun, withFiles } from './harness.ts';
import { perSecond, startVersionTarget, type VersionTarget } from './version-target.ts';

/** A set whose targets say which it is; `size` more templates of about 1 KiB come with it. */
function files(set: string, size = 0, more = ''): Record<string, string> {
  const filler = `{"type": "track", "set": "${set}", ${'"name": "<%= phony(\'name\') %>", '.repeat(25)}"x": 1}`;
  return {
    'target.json': `${more}{"method": "POST", "url": "<%= it.BaseURL %>/${set}", "body": "<%= includeEvent('event.json', 'track') %>"}`,
    ...Object.fromEntries(Array.from({ length: size }, (_, index) => [`filler-${index}.json`, filler])),
  };
}

describe('another set while a run goes on', () => {
  let target: VersionTarget;
  // One of its own for each test: what a test gave up may still come late.
  beforeEach(async () => {
    target = await startVersionTarget();
  });
  afterEach(() => target.close());

  /** Offers a set, and waits until all workers send from it. */
  async function swap(run: TestRun, set: string, size: number): Promise<void> {
    const { applied } = run.coordinator.snapshot().templates;
    run.coordinator.offer(withFiles(run.content, files(set, size)));
    await run.until(({ templates }) => templates.applied > applied && templates.updated === templates.of);
  }

  async function ends(run: TestRun, scheduled: number): Promise<RunSnapshot> {
    const last = await run.ended;
    const { counts } = last.tally;
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.verdict, 'Completed', last.reason);
    assert.deepEqual([last.scheduled, last.unreported], [scheduled, 0]);
    assert.equal(counts.sent + dropped(counts), scheduled);
    assert.ok(target.arrivals.length >= counts.succeeded && target.arrivals.length <= counts.sent);
    return last;
  }

  it('is swapped in on all workers at one instant, without a gap and in step with the schedule', async () => {
    const spec = { rate: '5000/s', duration: '12s', workers: { replicas: 2 } };
    const run = await startRun(target.url, spec, { templates: files('v0') });
    await run.until(({ elapsedMs }) => elapsedMs > 4000);
    for (const set of ['v1', 'v2', 'v3']) {
      await swap(run, set, 50);
      await sleep(1200);
    }
    const last = await ends(run, 60_000);
    const keptUp = last.tally.lag.maxUs < 250_000;
    const { versions, arrivals } = target;
    for (const [older, newer] of [
      ['v0', 'v1'],
      ['v1', 'v2'],
      ['v2', 'v3'],
    ] as const) {
      const gapMs = versions.get(newer)!.first - versions.get(older)!.last;
      assert.ok(gapMs < 50, `${gapMs} ms from the last ${older} to the first ${newer}`);
      // All workers at once: what overlaps came late by what the machine was late.
      if (keptUp) assert.ok(gapMs > -1000, `${older} came until ${-gapMs} ms after the first ${newer}`);
    }
    // A quiet machine keeps each second to 1 %; a busy one does not without any swap either.
    const seconds = perSecond(arrivals).slice(1, -1);
    const undisturbed = worstShare(seconds.slice(0, 3));
    const swapping = worstShare(seconds.slice(3));
    assert.ok(
      swapping <= Math.max(0.05, 2 * undisturbed),
      `off by ${swapping}, before by ${undisturbed}: ${seconds.join(' ')}`,
    );
  });

  it('of canned targets begins with the line of the hit that is next', async () => {
    const lines = (name: string, count: number) =>
      Array.from(
        { length: count },
        (_, line) => `{"method": "GET", "url": "${target.url}/${name}${line}"}\n`,
      ).join('');
    const spec = {
      rate: '500/s',
      duration: '5s',
      workers: { replicas: 2 },
      targets: { from: [{ inline: { 'a.jsonl': lines('a', 10) } }] },
    };
    const run = await startRun(target.url, spec);
    await run.until(({ elapsedMs }) => elapsedMs > 2000);
    const text = lines('b', 7);
    const { variables, secrets } = run.content;
    const files = [{ name: 'b.jsonl', text }];
    run.coordinator.offer(await makeCannedContent({ files, loop: true, variables, secrets }));
    const last = await ends(run, 2500);
    assert.equal(dropped(last.tally.counts), 0, 'this machine was too slow for 500/s');
    const count = (name: string) => target.versions.get(name)?.count ?? 0;
    const joined = Array.from({ length: 10 }, (_, line) => count(`a${line}`)).reduce(
      (sum, each) => sum + each,
    );
    assert.ok(joined > 1000 && joined < 2000, `${joined} hits from the old file`);
    const owned = (from: number, until: number, line: number, of: number) =>
      Array.from({ length: until - from }, (_, hit) => from + hit).filter((hit) => hit % of === line).length;
    for (let line = 0; line < 10; line++) assert.equal(count(`a${line}`), owned(0, joined, line, 10));
    for (let line = 0; line < 7; line++) assert.equal(count(`b${line}`), owned(joined, 2500, line, 7));
    assert.deepEqual(
      last.labels.map((_, index) => last.tally.label(index).counts.sent),
      [joined, 2500 - joined],
    );
  });

  it('is what a lane goes on with that was started anew', async () => {
    const loop = '<% if (Date.now() > Number(it.From) && Date.now() < Number(it.From) + 500) for (;;); %>';
    const spec = { rate: '200/s', duration: '7s' };
    const run = await startRun(target.url, spec, { templates: files('v0') });
    await run.until(({ elapsedMs }) => elapsedMs > 500);
    const variables = { ...run.content.variables, From: String(Date.now() + 1500) };
    run.coordinator.offer(withFiles({ ...run.content, variables }, files('v1', 0, loop)));
    await run.until(() => run.notes.some((note) => note.includes('did not move for over 1 s')));
    const old = target.versions.get('v0')!.count;
    await run.ended;
    assert.equal(target.versions.get('v0')!.count, old);
    assert.ok(target.versions.get('v1')!.count > 400);
    assert.deepEqual(run.brokenLaws, []);
  });

  it('that a lane cannot use after all fails the run, and says why', async () => {
    const run = await startRun(target.url, { rate: '200/s', duration: '60s' }, { templates: files('v0') });
    await run.until(({ elapsedMs }) => elapsedMs > 500);
    run.coordinator.offer(withFiles(run.content, { 'target.json': '<% if (true) { %>' }));
    const last = await run.ended;
    assert.equal(last.verdict, 'Failed');
    assert.match(last.reason, /^worker-0: lane 0 cannot use the set [0-9a-f]{64}: target\.json:1:/);
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.tally.counts.inFlight, 0);
    assert.equal(target.versions.size, 1);
  });

  it('two hundred times leaves memory and counts as they are', async () => {
    const spec = { rate: '2000/s', duration: '600s' };
    // The instant of each swap is named at short notice, so that there can be many.
    const options = { templates: files('v0'), timing: { leadMs: 20 } };
    const run = await startRun(target.url, spec, options);
    const pid = run.pool.pidOf({ index: 0, replacement: 0 })!;
    await run.until(({ elapsedMs }) => elapsedMs > 3000);
    const rss: number[] = [];
    for (let set = 1; set <= 200; set++) {
      await swap(run, `v${set}`, 10);
      rss.push(residentMb(pid));
    }
    run.coordinator.stop('StoppedByUser', 'enough');
    const last = await run.ended;
    const { counts } = last.tally;
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.templates.applied, 200);
    assert.equal(counts.sent + dropped(counts), last.scheduled);
    assert.ok(target.arrivals.length >= counts.succeeded && target.arrivals.length <= counts.sent);
    assert.deepEqual(last.labels, run.content.labels);
    for (let set = 1; set <= 200; set++)
      assert.ok(target.versions.has(`v${set}`), `nothing came from v${set}`);
    const around = (set: number) => Math.max(...rss.slice(set - 10, set));
    assert.ok(around(200) <= 1.1 * around(20), `${around(20)} MB after 20 sets, ${around(200)} MB after 200`);
  });
});

/** How far the worst of these seconds is from 5,000, as a share. */
function worstShare(seconds: readonly number[]): number {
  return Math.max(...seconds.map((count) => Math.abs(count - 5000) / 5000));
}

/** What a process holds in memory, in MB. */
function residentMb(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}
