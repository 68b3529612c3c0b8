import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { EventRecorder } from '../../src/kube/event-recorder.ts';
import { CONFIG_MAPS, type ConfigMap, EVENTS, type Event } from '../../src/kube/resources.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

const options = { controller: 'taz.dev/controller', instance: 'taz-0' };

suite('events on a real API server', { skip: api.missing }, () => {
  let namespace: string;
  let regarding: ConfigMap;

  before(async () => {
    namespace = await api.namespace();
    regarding = await api.client.create(CONFIG_MAPS, { metadata: { namespace, name: 'a' } });
  });

  const events = async (reason: string): Promise<Event[]> =>
    (await api.client.list(EVENTS, { namespace })).items.filter((event) => event.reason === reason);

  test('stand beside the object that they are about', async () => {
    const recorder = new EventRecorder({ client: api.client, clock: systemClock, ...options });
    const note = `5 hits/s ${'é'.repeat(2000)}`;
    recorder.record({ regarding, type: 'Normal', reason: 'RunStarted', action: 'Start', note });
    await recorder.close();
    const [event] = await events('RunStarted');
    assert.equal(recorder.dropped, 0);
    assert.deepEqual(
      [event!.regarding!.name, event!.regarding!.uid, event!.regarding!.kind, event!.type, event!.action],
      ['a', regarding.metadata.uid, 'ConfigMap', 'Normal', 'Start'],
    );
    assert.deepEqual([event!.reportingController, event!.reportingInstance], ['taz.dev/controller', 'taz-0']);
    assert.match(event!.note!, /^5 hits\/s é+…$/);
    assert.ok(Buffer.byteLength(event!.note!) <= 1024);
    assert.match(event!.metadata.name, /^a\.[0-9a-f]+$/);
  });

  test('that happen again are counted', async () => {
    const clock = new FakeClock();
    const recorder = new EventRecorder({ client: api.client, clock, ...options });
    const again = {
      regarding,
      type: 'Warning',
      reason: 'WorkerLost',
      action: 'Replace',
      note: 'worker-0',
    } as const;
    recorder.record(again);
    recorder.record(again);
    clock.by(31_000);
    recorder.record(again);
    await recorder.close();
    const found = await events('WorkerLost');
    assert.deepEqual(
      found.map(({ series }) => series!.count),
      [3],
    );
    assert.match(String(found[0]!.series!.lastObservedTime), /\.\d{6}Z$/);
  });

  test('may be about an object of the longest name', async () => {
    const name = `${'a'.repeat(219)}.${'b'.repeat(33)}`;
    const long = await api.client.create(CONFIG_MAPS, { metadata: { namespace, name } });
    const recorder = new EventRecorder({ client: api.client, clock: systemClock, ...options });
    recorder.record({ regarding: long, type: 'Normal', reason: 'Long', action: 'Look', note: 'x' });
    await recorder.close();
    assert.equal((await events('Long')).length, 1);
  });

  test('that are refused are dropped, and the work does not hear of it', async () => {
    const recorder = new EventRecorder({ client: api.client, clock: systemClock, ...options });
    const nowhere = { ...regarding, metadata: { ...regarding.metadata, namespace: 'no-such-namespace' } };
    recorder.record({ regarding: nowhere, type: 'Normal', reason: 'Lost', action: 'Look', note: 'x' });
    await recorder.close();
    assert.equal(recorder.dropped, 1);
    recorder.record({ regarding, type: 'Normal', reason: 'TooLate', action: 'Look', note: 'x' });
    assert.equal(recorder.dropped, 2);
  });
});
