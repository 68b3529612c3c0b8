import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseSpec, leaveAloneMs, readLease, type SeenLease, seeLease } from '../../src/kube/lease-record.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import type { Lease } from '../../src/kube/resources.ts';

const seen = (record: Partial<SeenLease['record']>, seenAt: number): SeenLease => ({
  record: { holder: 'other', durationSeconds: 15, transitions: 1, ...record },
  resourceVersion: '1',
  seenAt,
});

test('how long a lease is left alone is counted from when its last change was seen', () => {
  const rows: [what: string, lease: SeenLease, now: number, leaveAlone: number][] = [
    ['just seen', seen({}, 0), 0, 15_000],
    ['almost over', seen({}, 0), 14_999, 1],
    ['over', seen({}, 0), 15_000, 0],
    ['long over', seen({}, 0), 99_000, 0],
    ['given away', seen({ holder: '' }, 0), 0, 0],
    ['one’s own', seen({ holder: 'me' }, 0), 0, 0],
    ['another time of its own', seen({ durationSeconds: 60 }, 0), 15_000, 45_000],
  ];
  for (const [what, lease, now, leaveAlone] of rows)
    assert.equal(leaveAloneMs(lease, 'me', now), leaveAlone, what);
});

test('a lease that has not changed is seen from when it was first seen', () => {
  const lease = (resourceVersion: string): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'a', resourceVersion },
    spec: { holderIdentity: 'other', leaseDurationSeconds: 15, leaseTransitions: 3 },
  });
  const first = seeLease(null, lease('1'), 100);
  assert.deepEqual(first.record, { holder: 'other', durationSeconds: 15, transitions: 3 });
  assert.equal(seeLease(first, lease('1'), 200).seenAt, 100);
  assert.equal(seeLease(first, lease('2'), 200).seenAt, 200);
});

test('a lease without a spec is nobody’s', () => {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' } };
  assert.deepEqual(readLease(lease), { holder: '', durationSeconds: 0, transitions: 0 });
});

test('instants have six digits of a second', () => {
  const at = Date.UTC(2026, 10, 26, 11, 30, 0);
  assert.equal(microTime(at), '2026-11-26T11:30:00.000000Z');
  assert.equal(microTime(at + 7.125), '2026-11-26T11:30:00.007125Z');
  assert.deepEqual(leaseSpec({ holder: 'me', durationSeconds: 15, transitions: 4 }, at, at + 1500), {
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    leaseTransitions: 4,
    acquireTime: '2026-11-26T11:30:00.000000Z',
    renewTime: '2026-11-26T11:30:01.500000Z',
  });
});
