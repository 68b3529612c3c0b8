import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ControllerMetrics,
  type ControllerView,
  MOST_TOLD,
  type RunningTest,
} from '../../src/controller/metrics.ts';
import { runSnapshot } from '../report/run-snapshot.ts';

const view = (running: RunningTest[] = []): ControllerView => ({
  leads: true,
  queued: 3,
  watchAgesMs: { pods: 1500 },
  unseen: { pods: 2 },
  tests: 7,
  running: running.length,
  told: running.slice(0, MOST_TOLD),
  eventsDropped: 4,
});

const linesOf = async (metrics: ControllerMetrics, name: string): Promise<string[]> =>
  (await metrics.text()).text.split('\n').filter((line) => line.startsWith(name));

suite('the metrics of the controller', () => {
  test('tell what it is doing', async () => {
    const metrics = new ControllerMetrics(() => view());
    metrics.reconciled('failed', 30);
    metrics.ended('Completed');
    metrics.called({ verb: 'get', resource: 'pods', outcome: 'ok', durationMs: 10 });
    for (const line of [
      'taz_controller_leader 1',
      'taz_controller_queue_depth 3',
      'taz_controller_loadtests 7',
      'taz_controller_running_loadtests 0',
      'taz_controller_watch_age_seconds{resource="pods"} 1.5',
      'taz_controller_unseen_objects{resource="pods"} 2',
      'taz_controller_reconciles_total{result="failed"} 1',
      'taz_controller_runs_total{verdict="Completed"} 1',
      'taz_controller_api_calls_total{verb="get",resource="pods",outcome="ok"} 1',
      'taz_controller_events_dropped_total 4',
    ]) {
      assert.deepEqual(await linesOf(metrics, line), [line]);
    }
  });

  test('have series of tests that run, each looked at once for a scrape', async () => {
    let made = 0;
    const running = Array.from({ length: 250 }, (_, index) => ({
      namespace: 'n',
      name: `test-${index}`,
      snapshot: () => {
        made++;
        return runSnapshot({ run: `r-${index}` });
      },
    }));
    const metrics = new ControllerMetrics(() => view(running));
    assert.equal((await linesOf(metrics, 'taz_loadtest_target_rate{')).length, 200);
    assert.equal(made, 200);
    assert.deepEqual(await linesOf(metrics, 'taz_controller_running_loadtests '), [
      'taz_controller_running_loadtests 250',
    ]);
  });

  test('read all anew for each scrape', async () => {
    let rate = 1;
    const snapshot = () => runSnapshot({ targetRate: rate });
    const metrics = new ControllerMetrics(() => view([{ namespace: 'n', name: 'a', snapshot }]));
    const name = 'taz_loadtest_target_rate{namespace="n",loadtest="a"}';
    assert.deepEqual(await linesOf(metrics, name), [`${name} 1`]);
    rate = 2;
    assert.deepEqual(await linesOf(metrics, name), [`${name} 2`]);
  });
});
