import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { ClusterRun } from '../../src/controller/cluster-run.ts';
import type { ManagedTest } from '../../src/controller/managed-test.ts';
import { TestRegistry } from '../../src/controller/test-registry.ts';
import { parseRate } from '../../src/units/rate.ts';
import type { Rational } from '../../src/units/rational.ts';

/** Only what the registry has to do with. */
class Play {
  run: ClusterRun | null = null;
  highestRate: Rational | null = null;
  ended: string | null = null;
  detached = false;
  readonly over = Promise.withResolvers<void>();

  end(reason: string): Promise<void> {
    this.ended = reason;
    return this.over.promise;
  }

  detach(): void {
    this.detached = true;
  }
}

suite('the tests that a controller looks after', () => {
  let registry: TestRegistry;
  let made: Play[];
  const turn = () => new Promise(setImmediate);

  beforeEach(() => {
    made = [];
    registry = new TestRegistry(() => {
      made.push(new Play());
      return made.at(-1) as unknown as ManagedTest;
    });
  });

  test('are one for each object', () => {
    const test = registry.of('n/a', '1');
    assert.equal(registry.of('n/a', '1'), test);
    assert.notEqual(registry.of('n/b', '2'), test);
    assert.equal(registry.get('n/a'), test);
    assert.equal(registry.size, 2);
  });

  test('are ended when another has taken their name', () => {
    registry.of('n/a', '1');
    registry.of('n/a', '2');
    assert.equal(made[0]!.ended, 'the LoadTest was deleted');
    assert.equal(made[1]!.ended, null);
    assert.equal(registry.size, 1);
  });

  test('keep their run until it has ended, so that its workers are still answered', async () => {
    registry.of('n/a', '1');
    made[0]!.run = {} as ClusterRun;
    registry.drop('n/a', 'x');
    assert.deepEqual([...registry.runs()], [made[0]!.run]);
    assert.equal(registry.isEnding('1'), true);
    made[0]!.over.resolve();
    await turn();
    assert.deepEqual([...registry.runs()], []);
    assert.equal(registry.isEnding('1'), false);
  });

  test('count what others may send', () => {
    for (const [name, rate] of [
      ['a', '1/s'],
      ['b', '2/s'],
      ['c', null],
    ] as const) {
      registry.of(`n/${name}`, name);
      made.at(-1)!.highestRate = rate === null ? null : parseRate(rate);
    }
    assert.deepEqual(registry.ratesBeside('n/a'), [parseRate('2/s')]);
    assert.deepEqual(registry.ratesBeside('n/c'), [parseRate('1/s'), parseRate('2/s')]);
  });

  test('are all let go of, also those that are ending', async () => {
    registry.of('n/a', '1');
    registry.of('n/b', '2');
    registry.drop('n/a', 'x');
    await registry.detach(true);
    assert.deepEqual(
      made.map(({ detached }) => detached),
      [true, true],
    );
    assert.equal(registry.size, 0);
  });
});
