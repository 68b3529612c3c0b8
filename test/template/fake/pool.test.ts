import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from '../../../src/template/fake/pool.ts';
import { createRandom } from '../../../src/template/random.ts';

const random = () => createRandom('pool', { lane: 0, lanes: 1, replacement: 0 });

function counting(size: number) {
  let made = 0;
  const pool = new Pool(size, random(), () => made++);
  return { pool, made: () => made };
}

test('until it is full, each pick makes one value; then none is made any more', () => {
  const { pool, made } = counting(100);
  assert.equal(made(), 0);
  for (let i = 0; i < 100; i++) assert.equal(pool.pick(), i);
  for (let i = 0; i < 1000; i++) pool.pick();
  assert.equal(made(), 100);
});

test('a full pool gives all its values evenly', () => {
  const { pool } = counting(10);
  for (let i = 0; i < 10; i++) pool.pick();
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[pool.pick()]!++;
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 4 * Math.sqrt(900), `${count}`);
});

test('a cleared pool makes new values', () => {
  const { pool } = counting(3);
  for (let i = 0; i < 9; i++) pool.pick();
  pool.clear();
  assert.deepEqual([pool.pick(), pool.pick(), pool.pick()], [3, 4, 5]);
  assert.ok(pool.pick() >= 3);
});

test('it is plain as long as every value is a text that a JSON string holds as it is', () => {
  const texts = ['ann', 'ünal', 'a "b"', 'c'];
  const pool = new Pool(texts.length, random(), () => texts.shift()!);
  assert.deepEqual(
    Array.from({ length: 4 }, () => [pool.pick(), pool.plain]),
    [
      ['ann', true],
      ['ünal', true],
      ['a "b"', false],
      ['c', false],
    ],
  );
  const { pool: numbers } = counting(1);
  numbers.pick();
  assert.equal(numbers.plain, false);
});

test('a value that could not be made takes no place', () => {
  let fails = true;
  const pool = new Pool(1, random(), () => (fails ? assert.fail('not now') : 'value'));
  assert.throws(() => pool.pick(), /not now/);
  fails = false;
  assert.equal(pool.pick(), 'value');
  assert.equal(pool.pick(), 'value');
});
