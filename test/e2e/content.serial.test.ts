import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { dropped } from '../../src/metrics/tally.ts';
import { type ArrivalTarget, startArrivalTarget, startRun, withFiles } from './harness.ts';

/** A set whose targets say which it is; `size` more templates of about 1 KiB come with it. */
function files(set: number, size = 0): Record<string, string> {
  const filler = `{"type": "track", "set": ${set}, ${'"name": "<%= phony(\'name\') %>", '.repeat(25)}"x": 1}`;
  return {
    'target.json': `{"method": "POST", "url": "<%= it.BaseURL %>/set/${set}", "body": "<%= includeEvent('event.json', 'track') %>"}`,
    ...Object.fromEntries(Array.from({ length: size }, (_, index) => [`filler-${index}.json`, filler])),
  };
}

describe('another set of templates while a run goes on', () => {
  let target: ArrivalTarget;
  before(async () => {
    target = await startArrivalTarget();
  });
  after(() => target.close());
  beforeEach(() => {
    target.arrivals.length = 0;
    target.paths.length = 0;
  });

  it('is swapped in on all workers at once, without a gap', async () => {
    const spec = { rate: '5000/s', duration: '12s', workers: { replicas: 2 } };
    const run = await startRun(target.url, spec, { templates: files(0) });
    await run.until(({ elapsedMs }) => elapsedMs > 3000);
    const t0 = performance.now();
    run.coordinator.offer(withFiles(run.content, files(1, 50)));
    await run.until(({ templates }) => templates.applied === 1 && templates.updated === 2);
    console.log('swap took', performance.now() - t0);
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    const { counts } = last.tally;
    console.log(counts, last.unreported, last.scheduled, run.notes, last.templates);
    const order = target.arrivals
      .map((at, index) => ({ at, path: target.paths[index]! }))
      .sort((a, b) => a.at - b.at);
    const start = order[0]!.at;
    const lastOld = order.findLast(({ path }) => path === '/set/0')!.at - start;
    const firstNew = order.find(({ path }) => path === '/set/1')!.at - start;
    let gap = 0;
    let where = 0;
    order.forEach(({ at }, i) => {
      if (i > 0 && at - order[i - 1]!.at > gap && at - start > 2000) {
        gap = at - order[i - 1]!.at;
        where = at - start;
      }
    });
    const seconds: number[] = [];
    for (const { at } of order)
      seconds[Math.floor((at - start) / 1000)] = (seconds[Math.floor((at - start) / 1000)] ?? 0) + 1;
    console.log({ lastOld, firstNew, gap, where, seconds });
    assert.equal(counts.sent + dropped(counts), 60_000);
  });
});
