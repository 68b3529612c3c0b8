import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { judge, judgesMissing } from '../../gitops/judges.ts';
import { type ClusterTest, templatesFor } from './load-test.ts';
import { useWorld } from './scene.ts';
import { until } from './until.ts';

const { cluster, operator, scene } = await useWorld();
after(() => cluster.close());

const lua = fileURLToPath(new URL('../../../deploy/argocd/health.lua', import.meta.url));
const VOTING = { successBelow: '90%', window: '1s', votes: 1 };

/** What kstatus and Argo CD take a LoadTest for, as the API server has it at this moment. */
async function judged(test: ClusterTest): Promise<string> {
  const [judgement] = judge([await test.get()], lua);
  return `${judgement!.kstatus.status} ${judgement!.lua.status}`;
}

describe('what GitOps tools take a LoadTest for, read from the API server', { skip: judgesMissing }, () => {
  it('that waits, runs, is held and completes', () =>
    scene(async ({ test, target }) => {
      const spec = { ...templatesFor(cluster, target), rate: '20/s', duration: '12s' };
      await test.apply({ ...spec, workers: { template: { spec: { nodeSelector: { no: 'such-node' } } } } });
      await test.untilReason('Reconciling', 'WaitingForWorkers');
      assert.equal(await judged(test), 'InProgress Progressing');
      await test.change({ workers: { template: null } });
      await test.untilRunning();
      assert.equal(await judged(test), 'Current Healthy');
      await test.change({ suspend: true });
      await test.untilReason('Ready', 'Suspended');
      assert.equal(await judged(test), 'Current Healthy');
      await test.change({ suspend: false });
      await operator.settings({ killSwitch: 'true' });
      try {
        await test.untilReason('Ready', 'KillSwitch');
        assert.equal(await judged(test), 'Current Healthy');
      } finally {
        await operator.settings({ killSwitch: null });
      }
      await test.untilEnded();
      assert.equal(await judged(test), 'Current Healthy');
    }));

  it('that is stopped by votes: bounded, persistent, and persistent with onStop: Stall', () =>
    scene(async ({ test, another, target }) => {
      const bounded = { ...templatesFor(cluster, target), rate: '20/s', duration: '10m', stopWhen: VOTING };
      const { duration: _, ...persistent } = bounded;
      const tests: [test: ClusterTest, spec: Record<string, unknown>, taken: string][] = [
        [test, bounded, 'Failed Degraded'],
        [another('persistent'), persistent, 'Current Healthy'],
        [another('stalling'), { ...persistent, stopWhen: { ...VOTING, onStop: 'Stall' } }, 'Failed Degraded'],
      ];
      await Promise.all(tests.map(([each, spec]) => each.apply(spec)));
      await Promise.all(tests.map(([each]) => each.untilRunning()));
      await until('hits come', async () => (await target.stats()).requests > 60);
      await target.behave({ fail: '100%' });
      for (const [each, , taken] of tests) {
        await each.untilReason(taken.startsWith('Failed') ? 'Stalled' : 'Ready', 'StoppedByVotes');
        assert.equal(await judged(each), taken);
      }
    }));

  it('that cannot start or is wrong', () =>
    scene(async ({ test, another, target }) => {
      const spec = { ...templatesFor(cluster, target), rate: '20/s', duration: '1m' };
      const broken = { entry: 'a.json', from: [{ inline: { 'a.json': '{ "url": <%= nothing %> }' } }] };
      const tests: [test: ClusterTest, spec: Record<string, unknown>, reason: string][] = [
        [test, { ...spec, templates: broken }, 'TemplatesRefused'],
        [another('limited'), { ...spec, rate: '2000000/s' }, 'RateNotAllowed'],
        [
          another('overlaid'),
          { ...spec, workers: { template: { spec: { restartPolicy: 'Always' } } } },
          'PodTemplateRefused',
        ],
      ];
      await operator.settings({ maxRatePerTest: '1000/s' });
      try {
        await Promise.all(tests.map(([each, its]) => each.apply(its)));
        for (const [each, , reason] of tests) {
          await each.untilReason('Stalled', reason);
          assert.equal(await judged(each), 'Failed Degraded', reason);
        }
      } finally {
        await operator.settings({ maxRatePerTest: null });
      }
    }));
});
