import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadTestStatus } from '../../../src/api/status.ts';
import { StatusWriter } from '../../../src/controller/status/status-writer.ts';
import type { Client } from '../../../src/kube/client.ts';
import type { LoadTestObject } from '../../../src/kube/resources.ts';
import { TokenBucket } from '../../../src/kube/token-bucket.ts';
import { FakeClock } from '../../attack/fake-clock.ts';

function world(perSecond: number) {
  const clock = new FakeClock();
  const written: { at: number; name: string; status: LoadTestStatus }[] = [];
  const client = {
    apply: (_: unknown, { metadata, status }: LoadTestObject) => {
      written.push({ at: clock.now(), name: metadata.name, status: status! });
      return Promise.resolve({});
    },
  } as unknown as Client;
  const statusBudget = new TokenBucket(clock, perSecond, 1);
  return { clock, written, writer: () => new StatusWriter({ client, clock, statusBudget }) };
}

const object = (name: string): LoadTestObject => ({
  apiVersion: 'taz.dev/v1alpha1',
  kind: 'LoadTest',
  metadata: { name, namespace: 'ns' },
  spec: {},
});

const running = (sent: number, phase = 'Running'): LoadTestStatus => ({
  observedGeneration: 1,
  phase,
  success: `${sent}`,
});

test('a transition is written at once, and what is the same never', async () => {
  const { written, writer } = world(1);
  const it = writer();
  assert.equal(await it.write(object('a'), running(1), true), 5_000);
  assert.equal(await it.write(object('a'), running(1), true), 5_000);
  assert.equal(await it.write(object('a'), running(1, 'Stopped'), false), null);
  assert.deepEqual(
    written.map(({ status }) => status.phase),
    ['Running', 'Stopped'],
  );
});

test('figures are written every 5 s', async () => {
  const { clock, written, writer } = world(1000);
  const it = writer();
  await it.write(object('a'), running(1), true);
  clock.by(3_000);
  assert.equal(await it.write(object('a'), running(2), true), 2_000);
  clock.by(2_000);
  assert.equal(await it.write(object('a'), running(3), true), 5_000);
  assert.equal(written.length, 2);
});

test('figures of many tests are written in turn, each as often as the others', async () => {
  const TESTS = 50;
  const { clock, written, writer } = world(5);
  const start = clock.now();
  const all = Array.from({ length: TESTS }, (_, index) => ({ name: `t${index}`, it: writer(), at: start }));
  let looks = 0;
  for (let ms = 0; ms <= 60_000; ms += 20, clock.by(20)) {
    for (const each of all) {
      if (clock.now() < each.at) continue;
      looks++;
      each.at = clock.now() + (await each.it.write(object(each.name), running(ms), true))!;
    }
  }
  const figures = written.slice(TESTS);
  assert.ok(figures.length >= 270 && figures.length <= 276, `${figures.length} writes in 55 s`);
  const counts = all.map(({ name }) => figures.filter((each) => each.name === name).length);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(' '));
  // Nobody comes again and again for a turn that is not his.
  assert.ok(looks < 3 * written.length, `${looks} looks for ${written.length} writes`);
});
