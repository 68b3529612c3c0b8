import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { LoadTestStatus } from '../../../src/api/status.ts';
import { StatusWriter } from '../../../src/controller/status/status-writer.ts';
import type { Client } from '../../../src/kube/client.ts';
import { LOAD_TESTS, type LoadTestObject } from '../../../src/kube/resources.ts';
import { TokenBucket } from '../../../src/kube/token-bucket.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';
import { FakeClock } from '../../attack/fake-clock.ts';
import { useApiServer } from '../../cluster/api-server.ts';

const object: LoadTestObject = {
  ...(manifestWith() as unknown as LoadTestObject),
  metadata: { name: 'a', namespace: 'n', uid: 'u' },
};
const status = (sent: number, phase = 'Running'): LoadTestStatus => ({
  observedGeneration: 1,
  phase,
  counts: { sent },
});

suite('the writer of a status', () => {
  let clock: FakeClock;
  let written: unknown[];
  let budget: TokenBucket;
  const writer = () =>
    new StatusWriter({
      clock,
      statusBudget: budget,
      client: {
        writeStatus: async (...[, { uid }, status]: Parameters<Client['writeStatus']>) => {
          const { phase, counts } = status as LoadTestStatus;
          written.push([uid, phase, counts?.sent]);
          // As the API server does with what it does not know.
          const { unknown: _, ...stored } = status as LoadTestStatus & { unknown?: true };
          return { ...object, status: stored } as never;
        },
      },
    });

  beforeEach(() => {
    clock = new FakeClock();
    written = [];
    budget = new TokenBucket(clock, 20, 20);
  });

  test('writes a transition at once, for the very object that it is about', async () => {
    const own = writer();
    assert.equal(await own.write(object, status(1), true), 5000);
    assert.equal(await own.write(object, status(1, 'Completed'), false), null);
    assert.deepEqual(written, [
      ['u', 'Running', 1],
      ['u', 'Completed', 1],
    ]);
  });

  test('writes nothing where all is said, also by a process before', async () => {
    const own = writer();
    assert.equal(await own.write({ ...object, status: status(1) }, status(1), true), 5000);
    assert.deepEqual(written, []);
    assert.deepEqual(own.last, status(1));
  });

  test('writes figures every 5 s', async () => {
    const own = writer();
    await own.write(object, status(1), true);
    clock.by(1000);
    assert.equal(await own.write(object, status(2), true), 4000);
    clock.by(4000);
    assert.equal(await own.write(object, status(3), true), 5000);
    assert.deepEqual(written.at(-1), ['u', 'Running', 3]);
  });

  test('writes over what somebody else has written, at the pace of figures', async () => {
    const own = writer();
    const wanted = { ...status(1, 'Completed'), unknown: true };
    const by = (sent: number) => ({ ...object, status: status(sent, 'Completed') });
    await own.write(object, wanted, false);
    assert.equal(await own.write(object, wanted, false), 5000, 'the watch may be behind');
    assert.equal(await own.write(by(1), wanted, false), null);
    clock.by(1000);
    assert.equal(await own.write(by(7), wanted, false), 4000);
    assert.equal(written.length, 1);
    clock.by(4000);
    assert.equal(await own.write(by(7), wanted, false), null);
    assert.equal(written.length, 2);
    clock.by(60_000);
    assert.equal(await own.write({ ...object, status: {} }, wanted, false), null);
    assert.equal(written.length, 3);
    for (let seconds = 0; seconds < 60; seconds++) {
      assert.equal(await own.write(by(1), wanted, false), null);
      clock.by(1000);
    }
    assert.equal(written.length, 3, 'nothing where it is as it should be, or as near as the server takes it');
  });

  test('writes over what is changed before this process has written anything', async () => {
    const own = writer();
    await own.write({ ...object, status: status(1) }, status(1), false);
    await own.write({ ...object, status: status(2) }, status(1), false);
    assert.deepEqual(written, [['u', 'Running', 1]]);
  });

  test('lets tests take turns where there are too many, each once', async () => {
    const owns = Array.from({ length: 100 }, writer);
    for (const own of owns) await own.write({ ...object, status: status(1) }, status(1), true);
    const waits = await Promise.all(owns.map((own) => own.write(object, status(2), true)));
    assert.equal(waits.filter((waitMs) => waitMs === 5000).length, 20);
    const later = waits.filter((waitMs) => waitMs !== 5000) as number[];
    assert.equal(new Set(later.map(Math.round)).size, 80, 'no two wait for the same instant');
    assert.ok(Math.abs(Math.max(...later) - 4000) < 1);
    // One that is looked at before does not lose its turn, nor get another.
    assert.equal(await owns[20]!.write(object, status(3), true), waits[20]);
    for (let ms = 0; ms < 4000; ms += 10) {
      clock.by(10);
      for (const own of owns) await own.write(object, status(2), true);
    }
    assert.equal(written.length, 100);
  });

  test('writes transitions although others wait', async () => {
    for (let count = 0; count < 50; count++) budget.reserve();
    assert.equal(await writer().write(object, status(1), true), 5000);
  });
});

const api = await useApiServer();
after(api.stop);

suite('a status on a real API server', { skip: api.missing }, () => {
  before(() => api.installLoadTests());

  test('of a test that is gone is not told of another of its name', async () => {
    const place = { name: 'a', namespace: await api.namespace() };
    const { spec } = manifestWith() as unknown as LoadTestObject;
    const make = () => api.client.create(LOAD_TESTS, { metadata: place, spec });
    const first = await make();
    const clock = new FakeClock();
    const own = new StatusWriter({
      client: api.client,
      clock,
      statusBudget: new TokenBucket(clock, 20, 20),
    });
    await own.write(first, status(1), true);
    assert.deepEqual((await api.client.get(LOAD_TESTS, place)).status, status(1));
    await api.client.delete(LOAD_TESTS, place);
    await assert.rejects(own.write(first, status(2, 'Completed'), false), { name: 'KubeError' });
    assert.equal(await api.client.find(LOAD_TESTS, place), null, 'and makes none');
    await make();
    await assert.rejects(own.write(first, status(3, 'Completed'), false), { kind: 'Conflict' });
    assert.equal((await api.client.get(LOAD_TESTS, place)).status, undefined);
  });
});
