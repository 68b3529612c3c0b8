import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { Content } from '../../src/template/content.ts';
import { Supplies } from '../../src/worker/supplies.ts';
import { content, runSpec } from '../coordinator/run-spec.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const { protocol } = runSpec();

/** Supplies of a worker at whose side a Secret may be missing. */
class Supplying {
  missing = '';
  readonly fetched: string[] = [];
  readonly waits: string[] = [];
  readonly supplies = new Supplies({
    client: {
      content: (digest) => {
        this.fetched.push(digest);
        return Promise.resolve(content(digest));
      },
    },
    beside: {
      complete: (it: Content) => this.#have({ ...it, variables: { Token: 's' } }),
      logIn: (it) => this.#have(it),
    },
    waiting: (reason) => this.waits.push(reason),
  });

  #have<T>(what: T): Promise<T> {
    return this.missing === '' ? Promise.resolve(what) : Promise.reject(new Error(this.missing));
  }
}

describe('the supplies of a worker', () => {
  test('are sets with their secrets in them', async () => {
    const it = new Supplying();
    assert.deepEqual((await it.supplies.content('d1')).variables, { Token: 's' });
    assert.deepEqual(it.fetched, ['d1']);
  });

  test('a set that lacks a secret is not fetched again for it', async () => {
    const it = new Supplying();
    it.missing = 'no Secret "s"';
    await assert.rejects(it.supplies.content('d1'), /no Secret "s"/);
    it.missing = '';
    await it.supplies.content('d1');
    assert.deepEqual(it.fetched, ['d1']);
    await it.supplies.content('d1');
    assert.deepEqual(it.fetched, ['d1', 'd1'], 'once it is given, it is not kept');
  });

  test('another set takes its place', async () => {
    const it = new Supplying();
    it.missing = 'no Secret "s"';
    await assert.rejects(it.supplies.content('d1'));
    it.missing = '';
    assert.equal((await it.supplies.content('d2')).digest, 'd2');
    assert.deepEqual(it.fetched, ['d1', 'd2']);
  });

  test('a login is looked for every 2 s, until it is there', async () => {
    const it = new Supplying();
    it.missing = 'no Secret "kafka"';
    const loggedIn = it.supplies.loggedIn(protocol, () => true);
    await pass(2_000);
    it.missing = '';
    await pass(2_000);
    assert.equal(await loggedIn, protocol);
    assert.deepEqual(it.waits, ['no Secret "kafka"', 'no Secret "kafka"', '']);
  });

  test('a login is looked for no longer than it is wanted', async () => {
    const it = new Supplying();
    it.missing = 'no Secret "kafka"';
    let isWanted = true;
    const loggedIn = it.supplies.loggedIn(protocol, () => isWanted);
    isWanted = false;
    await pass(2_000);
    assert.equal(await loggedIn, null);
  });
});

async function pass(ms: number): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  mock.timers.tick(ms);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
