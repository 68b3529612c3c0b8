import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CallOptions } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { LeaderElection, type LeaseClient, type Term } from '../../src/kube/leader.ts';
import type { Lease } from '../../src/kube/resources.ts';
import { withDeadline } from '../../src/time/deadline.ts';
import { VirtualTime } from '../time/virtual-time.ts';

/** One Lease, as an API server keeps it. */
class LeaseServer {
  lease: Lease | null = null;
  #version = 0;

  write(metadata: Lease['metadata'], spec: Lease['spec']): Lease {
    const resourceVersion = String(++this.#version);
    this.lease = {
      apiVersion: 'x/v1',
      kind: 'Lease',
      metadata: { ...metadata, resourceVersion },
      spec: { ...spec! },
    };
    return structuredClone(this.lease);
  }
}

/** A process's way to it. */
class LeaseLink implements LeaseClient {
  readonly #server: LeaseServer;
  /** `up`: at once. `lost`: no call arrives. `mute`: calls arrive, their answers do not. */
  state: 'up' | 'lost' | 'mute' = 'up';
  calls = 0;

  constructor(server: LeaseServer) {
    this.#server = server;
  }

  find = async <T>(_: unknown, __: unknown, options?: CallOptions): Promise<T | null> =>
    this.#call(options, () => structuredClone(this.#server.lease) as T | null);

  create = async <T>(_: unknown, object: object, options?: CallOptions): Promise<T> =>
    this.#call(options, () => {
      if (this.#server.lease !== null) throw new KubeError('AlreadyExists', 'there is one');
      const { metadata, spec } = object as Lease;
      return this.#server.write(metadata, spec) as unknown as T;
    });

  replace = async <T>(_: unknown, object: object, options?: CallOptions): Promise<T> =>
    this.#call(options, () => {
      const { metadata, spec } = object as Lease;
      const { lease } = this.#server;
      if (lease === null) throw new KubeError('NotFound', 'there is none');
      if (lease.metadata.resourceVersion !== metadata.resourceVersion)
        throw new KubeError('Conflict', 'changed');
      return this.#server.write(metadata, spec) as unknown as T;
    });

  async #call<T>(options: CallOptions | undefined, work: () => T): Promise<T> {
    this.calls++;
    if (this.state === 'up') return work();
    if (this.state === 'mute') {
      try {
        work();
      } catch {
        // Nobody hears of it.
      }
    }
    return withDeadline(options?.timeoutMs ?? 30_000, options?.signal, (signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new KubeError('Timeout', 'no answer')));
      });
    });
  }
}

/** Processes that want to lead, in virtual time. */
class Processes {
  readonly time = new VirtualTime();
  readonly server = new LeaseServer();
  readonly terms: (Term & { who: string; from: number; until: number | null })[] = [];
  readonly notes: string[] = [];
  readonly #start = this.time.clock.now();
  readonly #running: { stop: AbortController; ended: Promise<void> }[] = [];

  get now(): number {
    return this.time.clock.now() - this.#start;
  }

  start(who: string, options: { endsAfterMs?: number; random?: () => number } = {}) {
    const link = new LeaseLink(this.server);
    const stop = new AbortController();
    const lead = async (term: Term): Promise<void> => {
      const entry = { ...term, who, from: this.now, until: null as number | null };
      this.terms.push(entry);
      if (!term.signal.aborted)
        await new Promise((resolve) => term.signal.addEventListener('abort', resolve));
      if (options.endsAfterMs) await new Promise((resolve) => setTimeout(resolve, options.endsAfterMs));
      entry.until = this.now;
    };
    const election = new LeaderElection({
      client: link,
      clock: this.time.clock,
      namespace: 'taz',
      name: 'taz',
      identity: who,
      lead,
      note: (line) => this.notes.push(`${who}: ${line}`),
      random: options.random ?? (() => 0.5),
    });
    const ended = election.run(stop.signal);
    this.#running.push({ stop, ended });
    return { link, stop, ended, election };
  }

  /** The terms so far: who led in which epoch from when until when, in s. */
  get story(): string[] {
    const seconds = (ms: number | null) => (ms === null ? '' : Math.round(ms / 100) / 10);
    return this.terms.map(
      ({ who, epoch, from, until }) => `${who} #${epoch} ${seconds(from)}–${seconds(until)}`,
    );
  }

  async dispose(): Promise<void> {
    for (const { stop } of this.#running) stop.abort();
    await this.time.advance(30_000);
    await Promise.allSettled(this.#running.map(({ ended }) => ended));
    this.time.dispose();
  }
}

async function world(tell: (processes: Processes) => Promise<void>): Promise<void> {
  const processes = new Processes();
  try {
    await tell(processes);
  } finally {
    await processes.dispose();
  }
}

suite('leading', () => {
  test('the first leads, and goes on as long as it confirms', () =>
    world(async (all) => {
      all.start('a');
      all.start('b');
      await all.time.advance(120_000);
      assert.deepEqual(all.story, ['a #1 0–']);
      assert.equal(all.server.lease!.spec!.holderIdentity, 'a');
      assert.ok(all.terms[0]!.held());
    }));

  test('who ends gives the lead away, when its work has ended and not before', () =>
    world(async (all) => {
      const a = all.start('a', { endsAfterMs: 3000 });
      const b = all.start('b');
      await all.time.advance(10_000);
      a.stop.abort();
      await all.time.advance(2900);
      assert.deepEqual(all.story, ['a #1 0–']);
      await all.time.advance(3000);
      await a.ended;
      assert.deepEqual(
        all.story.map((line) => line.replace(/14(\.\d)?|15/, '14')),
        ['a #1 0–13', 'b #2 14–'],
      );
      assert.equal(b.election.holder, 'b');
    }));

  test('who vanishes is followed when its lease is over', () =>
    world(async (all) => {
      const a = all.start('a');
      all.start('b');
      await all.time.advance(10_000);
      a.link.state = 'lost';
      await all.time.advance(60_000);
      const [first, second] = all.terms;
      assert.deepEqual([first!.who, second!.who, second!.epoch], ['a', 'b', 2]);
      assert.ok(first!.until! <= 20_500, `a has ended ${first!.until} ms after its start`);
      assert.ok(
        second!.from >= 10_000 + 13_000 && second!.from <= 10_000 + 19_000,
        `b led at ${second!.from}`,
      );
    }));

  test('who loses the lead and gets it again has a new epoch', () =>
    world(async (all) => {
      const a = all.start('a');
      await all.time.advance(10_000);
      a.link.state = 'lost';
      await all.time.advance(20_000);
      a.link.state = 'up';
      await all.time.advance(20_000);
      assert.deepEqual(
        all.terms.map(({ who, epoch }) => `${who} ${epoch}`),
        ['a 1', 'a 2'],
      );
      assert.ok(!all.terms[0]!.held());
    }));

  test('a confirmation without an answer that did arrive costs nothing', () =>
    world(async (all) => {
      const a = all.start('a');
      all.start('b');
      await all.time.advance(10_000);
      a.link.state = 'mute';
      await all.time.advance(4000);
      a.link.state = 'up';
      await all.time.advance(60_000);
      assert.deepEqual(all.story, ['a #1 0–']);
    }));

  test('another writer of the Lease does no harm as long as it leaves the holder', () =>
    world(async (all) => {
      all.start('a');
      await all.time.advance(10_000);
      const { metadata, spec } = all.server.lease!;
      all.server.write({ ...metadata, labels: { touched: 'yes' } }, spec);
      await all.time.advance(20_000);
      assert.deepEqual(all.story, ['a #1 0–']);
      assert.deepEqual(all.server.lease!.metadata.labels, { touched: 'yes' });
    }));

  test('a Lease that was given to another by hand, or deleted, ends the term at once', () =>
    world(async (all) => {
      all.start('a');
      await all.time.advance(10_000);
      const { metadata, spec } = all.server.lease!;
      all.server.write(metadata, { ...spec, holderIdentity: 'someone', leaseTransitions: 7 });
      await all.time.advance(3000);
      assert.ok(all.terms[0]!.signal.aborted);
      assert.equal(all.server.lease!.spec!.holderIdentity, 'someone');
      await all.time.advance(20_000);
      assert.equal(all.terms[1]!.epoch, 8);
      all.server.lease = null;
      await all.time.advance(10_000);
      assert.deepEqual(
        all.terms.map(({ epoch }) => epoch),
        [1, 8, 9],
      );
    }));

  test('a process that was stopped for a while knows that its lead is not sure', () =>
    world(async (all) => {
      all.start('a');
      await all.time.advance(10_000);
      const [term] = all.terms;
      assert.ok(term!.held());
      all.time.clock.by(11_000);
      assert.ok(!term!.held());
    }));

  test('an error of the work, or its end before the term, gives the lead away and ends the election', () =>
    world(async (all) => {
      const rows: [lead: () => Promise<void>, message: RegExp][] = [
        [() => Promise.reject(new Error('a bug')), /a bug/],
        [async () => {}, /the work of the leader has ended before its term/],
      ];
      for (const [lead, message] of rows) {
        const election = new LeaderElection({
          client: new LeaseLink(all.server),
          clock: all.time.clock,
          namespace: 'taz',
          name: 'taz',
          identity: 'a',
          lead,
        });
        const ended = assert.rejects(election.run(new AbortController().signal), message);
        await all.time.advance(100);
        await ended;
        assert.equal(all.server.lease!.spec!.holderIdentity, '');
      }
    }));

  test('work that does not end is left after 20 s', () =>
    world(async (all) => {
      const a = all.start('a', { endsAfterMs: 10 ** 7 });
      const ended = assert.rejects(a.ended, /the work of the leader has not ended within 20 s/);
      await all.time.advance(5000);
      a.stop.abort();
      await all.time.advance(21_000);
      await ended;
      assert.equal(all.server.lease!.spec!.holderIdentity, '');
    }));

  test('never do two lead at once, whatever is lost; epochs only grow', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      let state = seed * 7919;
      const random = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
      await world(async (all) => {
        const processes = ['a', 'b', 'c'].map((who) => all.start(who, { random, endsAfterMs: 500 }));
        for (let round = 0; round < 60; round++) {
          for (const { link } of processes) {
            if (random() < 0.3)
              link.state = (['up', 'up', 'lost', 'mute'] as const)[Math.floor(random() * 4)]!;
          }
          for (let part = 0; part < 10; part++) {
            await all.time.advance(200, 100);
            const leading = all.terms.filter((term) => term.held() && term.until === null);
            assert.ok(leading.length <= 1, `seed ${seed} at ${all.now}: ${all.story.join(', ')}`);
          }
        }
        const epochs = all.terms.map(({ epoch }) => epoch);
        assert.deepEqual(
          epochs,
          [...new Set(epochs)].toSorted((one, other) => one - other),
          all.story.join(', '),
        );
      });
    }
  });
});
