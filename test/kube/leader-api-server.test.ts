import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { LeaderElection, type Term } from '../../src/kube/leader.ts';
import { LEASES } from '../../src/kube/resources.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

test('two processes lead one after the other by a real Lease', { skip: api.missing }, async () => {
  const namespace = await api.namespace();
  const terms: { who: string; epoch: number; from: number }[] = [];
  const start = (identity: string) => {
    const stop = new AbortController();
    const election = new LeaderElection({
      client: api.client,
      clock: systemClock,
      namespace,
      name: 'taz',
      identity,
      lead: async ({ epoch, signal }: Term) => {
        terms.push({ who: identity, epoch, from: systemClock.now() });
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    return { stop, ended: election.run(stop.signal) };
  };
  const until = async (count: number): Promise<void> => {
    for (const end = Date.now() + 15_000; terms.length < count; ) {
      assert.ok(Date.now() < end, `only ${terms.length} terms within 15 s`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const first = start('a');
  await until(1);
  const second = start('b');
  // Long enough for the first to confirm its lead at least once.
  await new Promise((resolve) => setTimeout(resolve, 2200));
  const { spec } = await api.client.get(LEASES, { namespace, name: 'taz' });
  assert.deepEqual([spec!.holderIdentity, spec!.leaseTransitions, spec!.leaseDurationSeconds], ['a', 1, 15]);
  assert.notEqual(spec!.renewTime, spec!.acquireTime);
  first.stop.abort();
  await first.ended;
  const givenAwayAt = systemClock.now();
  await until(2);
  assert.deepEqual(
    terms.map(({ who, epoch }) => [who, epoch]),
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  assert.ok(terms[1]!.from - givenAwayAt < 8000, 'who waits need not wait for the end of the lease');
  second.stop.abort();
  await second.ended;
  const last = await api.client.get(LEASES, { namespace, name: 'taz' });
  assert.equal(last.spec!.holderIdentity, '');
});
