import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { runKey } from '../../src/controller/run-key.ts';
import { changeOf, readWanted, wantedOf } from '../../src/controller/wanted.ts';
import type { LoadTestObject } from '../../src/kube/resources.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

const wantedWith = (spec: Record<string, unknown>) => wantedOf(parseLoadTest(manifestWith(spec)));

suite('what a test asks for', () => {
  const object = (spec: Record<string, unknown>): LoadTestObject => {
    const manifest = manifestWith(spec) as unknown as LoadTestObject;
    return { ...manifest, metadata: { ...manifest.metadata, namespace: 'ingest', uid: 'u', generation: 3 } };
  };

  test('is read from the object that the API server has', () => {
    const wanted = readWanted(object({ rate: '6/m' }));
    assert.ok(typeof wanted !== 'string');
    assert.equal(wanted.key, runKey(wanted.loadtest));
    assert.equal(wanted.spec.name, 'tracking-api');
  });

  test('is refused with everything that is wrong', () => {
    const wanted = readWanted(object({ rate: '5000', maxLag: '0s' }));
    assert.ok(typeof wanted === 'string');
    assert.match(wanted, /spec\.rate: "5000" is not a rate .*; spec\.maxLag: "0s"/);
  });

  test('is refused where Taz cannot do it yet', () => {
    const wanted = readWanted(object({ http: { http2: true } }));
    assert.ok(typeof wanted === 'string');
    assert.match(wanted, /spec\.http\.http2: is not supported yet/);
  });
});

suite('a change of a test that runs', () => {
  test('is none where only words differ', () => {
    assert.equal(changeOf(wantedWith({}), wantedWith({ maxLag: '1s', http: {} })), null);
  });

  test('is applied, and is what the run is known by then', () => {
    const change = changeOf(wantedWith({ run: '1' }), wantedWith({ run: '1', rate: '7/s' }))!;
    assert.deepEqual(change.newRun, []);
    assert.equal(change.applied.key, wantedWith({ run: '1', rate: '7/s' }).key);
  });

  test('of spec.run alone waits for the end', () => {
    assert.equal(changeOf(wantedWith({ run: '1' }), wantedWith({ run: '2' })), null);
  });

  test('of spec.run and more is applied but for the run, so that another follows', () => {
    const change = changeOf(wantedWith({}), wantedWith({ run: '2', rate: '7/s' }))!;
    assert.equal(change.applied.key, wantedWith({ rate: '7/s' }).key);
    assert.notEqual(change.applied.key, wantedWith({ run: '2', rate: '7/s' }).key);
  });

  test('of the protocol takes another run', () => {
    const change = changeOf(wantedWith({}), wantedWith({ nsq: {} }))!;
    assert.deepEqual(
      change.newRun.map(({ path }) => path),
      ['spec.http', 'spec.nsq'],
    );
  });
});
