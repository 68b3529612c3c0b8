import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { checkEnded, templatesFor } from './load-test.ts';
import { measured } from './measured.ts';
import { type Scene, useWorld } from './scene.ts';
import { until } from './until.ts';

const { cluster, scene } = await useWorld();
after(() => cluster.close());

const WINDOW_MS = 2000;
const stopWhen = { successBelow: '90%', window: `${WINDOW_MS}ms`, votes: 2 };

/** When the run began, in ms since 1970, as a worker says it. */
async function startOf({ test, namespace }: Scene): Promise<number> {
  const [worker] = await test.workers();
  const log = await cluster.kubectl('-n', namespace, 'logs', worker!.metadata.name, '-c', 'taz');
  const [, at] = /the run starts at (\S+)/.exec(log) ?? [];
  assert.ok(at !== undefined, log);
  return Date.parse(at);
}

describe('a target that gets worse while a run goes on', () => {
  it('votes stop all workers within 2 s, and the status says who voted and why', () =>
    scene(async (place) => {
      const { test, target } = place;
      const spec = {
        ...templatesFor(cluster, target),
        rate: '90/s',
        duration: '10m',
        workers: { replicas: 3 },
      };
      await test.apply({ ...spec, stopWhen });
      await test.untilRunning();
      await until('hits come', async () => (await target.stats()).requests > 300);
      const startAt = await startOf(place);
      assert.equal((await test.get()).status?.votes?.highest, 0);
      await target.behave({ fail: '100%' });
      const ended = await test.untilEnded();
      const stats = await target.quiet(2500);
      checkEnded(ended, stats);

      assert.equal(ended.run?.verdict, 'StoppedByVotes');
      const { reason = '' } = ended.run;
      assert.match(
        reason,
        /^worker-[0-2]( \(and \d more of 3 workers\))? reached 2 votes: .*success .* < 90 %/,
      );
      assert.equal(ended.votes?.highest, 2);
      assert.equal(ended.votes?.limit, 2);
      const voter = ended.votes?.workers?.[0];
      assert.match(voter!.name, /^worker-[0-2]$/);
      assert.equal(voter!.votes, 2);
      assert.match(voter!.reason!, /success .* < 90 %/);
      const found = ended.conditions!.map(({ type, status }) => `${type}=${status}`);
      for (const condition of ['Ready=False', 'Stalled=True', 'Stopped=True', 'Succeeded=False']) {
        assert.ok(found.includes(condition), found.join(' '));
      }

      // Windows follow one another from the start on, and a vote is cast at the end of one.
      const [, span] = /window \d+ \(\S+ to (\S+)\)/.exec(reason) ?? [];
      assert.ok(span !== undefined, reason);
      const decidedAt = startAt + Number.parseFloat(span) * 1000;
      const lateMs = stats.lastAtMs! - decidedAt;
      measured('from the deciding vote to the last hit of 3 workers', `${lateMs.toFixed(0)} ms`);
      assert.ok(lateMs < 2000, `the last hit came ${lateMs} ms after the deciding vote`);
      assert.ok(lateMs > -WINDOW_MS, `the last hit came ${-lateMs} ms before the deciding vote`);
    }));

  it('a trickle that was stopped stays Ready, and starts again with another spec.run', () =>
    scene(async ({ test, target }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '40/s', stopWhen });
      await test.untilRunning();
      await until('hits come', async () => (await target.stats()).requests > 100);
      await target.behave({ fail: '100%' });
      const ended = await test.untilEnded();
      assert.equal(ended.run?.verdict, 'StoppedByVotes');
      const ready = ended.conditions!.find(({ type }) => type === 'Ready')!;
      assert.deepEqual([ready.status, ready.reason], ['True', 'StoppedByVotes']);
      await target.behave({ fail: '0%' });
      const { requests } = await target.quiet();
      await test.change({ run: '2' });
      await test.until('runs again', ({ phase, run }) => phase === 'Running' && run?.id !== ended.run?.id);
      await until('hits come again', async () => (await target.stats()).requests > requests + 40);
    }));
});
