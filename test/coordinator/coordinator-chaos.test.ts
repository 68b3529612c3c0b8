import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { dropped } from '../../src/metrics/counts.ts';
import { shown } from '../attack/schedule/schedules.ts';
import { changing, chaos, goneBack, SEEDS } from './chaos.ts';
import { FakeCluster } from './fake-cluster.ts';

afterEach(() => FakeCluster.dispose());

describe('over any network and any changes, while no lease runs out', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`each hit is decided once and none is missing (seed ${seed})`, async () => {
      const { random, spec, options } = chaos(seed);
      spec.workers.leaseMs = 60_000;
      const cluster = new FakeCluster(spec, options);
      const leave = () => {
        const worker = cluster.worker(Math.floor(random() * spec.workers.replicas));
        if (random() < 0.5) worker.leave();
      };
      await changing(cluster, spec, random, leave);
      const final = await cluster.end();
      const message = shown(spec);
      assert.deepEqual(cluster.broken.slice(0, 5), [], message);
      assert.deepEqual(goneBack(cluster), [], message);
      if (final.verdict === 'Failed') {
        // Whoever leaves too often is not replaced for ever.
        assert.match(final.reason, /replaced 3 times/);
        return;
      }
      assert.equal(final.verdict, 'Completed', final.reason);
      const scheduled = final.scheduled + final.warmup.scheduled;
      assert.deepEqual([final.unreported, final.warmup.unreported], [0, 0], message);
      assert.equal(cluster.decided.size, scheduled, message);
      assert.equal(Math.max(-1, ...cluster.decided.keys()), scheduled - 1, message);
    });
  }
});

describe('when workers are killed or out of sight besides', () => {
  for (let seed = 10_001; seed <= 10_000 + SEEDS; seed++) {
    test(`no hit is decided twice, and those missing are owed (seed ${seed})`, async () => {
      const { random, spec, options } = chaos(seed);
      const cluster = new FakeCluster(spec, options);
      let disturbances = 0;
      const disturb = () => {
        if (disturbances++ >= 3) return;
        const worker = cluster.worker(Math.floor(random() * spec.workers.replicas));
        const dice = random();
        if (dice < 0.4) cluster.kill(worker);
        else if (dice < 0.6) worker.leave();
        else worker.silentUntil = cluster.now + random() * 9_000;
      };
      await changing(cluster, spec, random, disturb);
      const final = await cluster.end();
      const message = `${shown(spec)}: ${final.reason}`;
      assert.deepEqual(cluster.broken.slice(0, 5), [], message);
      assert.deepEqual(goneBack(cluster), [], message);
      const reported = final.tally.counts.sent + dropped(final.tally.counts);
      const inWarmup = final.warmup.counts.sent + dropped(final.warmup.counts);
      const unreported = final.unreported + final.warmup.unreported;
      // What lost workers decided after their last report is among what they owe.
      assert.ok(reported + inWarmup <= cluster.decided.size, message);
      assert.ok(cluster.decided.size <= reported + inWarmup + unreported, message);
      const lost = final.workers.filter(({ state }) => state === 'lost').length;
      if (lost === 0) assert.equal(unreported, 0, message);
    });
  }
});
