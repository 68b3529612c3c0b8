import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromCourseRecord, toCourseRecord } from '../../../src/coordinator/course/course-record.ts';
import { RunPlan } from '../../../src/coordinator/course/run-plan.ts';
import { fromSparse, toSparse } from '../../../src/coordinator/crew/sparse-vector.ts';
import { PagedVector } from '../../../src/metrics/paged-vector.ts';
import { randomStream } from '../../metrics/random.ts';
import { randomGoal } from './plan-story.ts';

describe('a course that is written down', () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`is the very same when it is read, and goes on the same way (seed ${seed})`, () => {
      const random = randomStream(seed);
      const plan = new RunPlan(randomGoal(random, 2_000));
      let runMs = 0;
      for (let change = 0; change < 6; change++) {
        runMs += Math.ceil(random() * 5_000);
        plan.join(runMs, randomGoal(random, 2_000));
        if (random() < 0.3) plan.forgetFirst();
      }
      const written = JSON.stringify(toCourseRecord(1_700_000_000_000.25, plan.parts));
      const record = JSON.parse(written) as ReturnType<typeof toCourseRecord>;
      const read = RunPlan.of(fromCourseRecord(record));
      assert.equal(record.startAt, 1_700_000_000_000.25);
      assert.deepEqual(read.segments, plan.segments);
      const next = randomGoal(random, 2_000);
      for (const each of [plan, read]) each.join(runMs + 777, next);
      assert.deepEqual(read.segments, plan.segments);
      assert.equal(read.endsAt, plan.endsAt);
      assert.equal(read.dueBefore(runMs + 5_000), plan.dueBefore(runMs + 5_000));
    });
  }

  test('names each schedule and each incarnation once', () => {
    const random = randomStream(7);
    const goal = randomGoal(random, 0);
    const plan = new RunPlan(goal);
    for (let change = 1; change <= 20; change++) plan.join(change * 1_000, goal);
    const { goals, incarnations, parts } = toCourseRecord(0, plan.parts);
    assert.deepEqual([goals.length, parts.length], [1, 21]);
    assert.equal(incarnations.length, Object.keys(goal.owners).length);
  });
});

describe('a sparse vector', () => {
  for (const entries of [[], [0, 0, 0], [1, 2, 3], [0, 5, 0, 0, 7, 8, 0], [4, 0, 0, 0, 0, 0.5]]) {
    test(`of ${JSON.stringify(entries)} is the same again`, () => {
      const vector = new PagedVector(entries.length);
      for (const [index, entry] of entries.entries()) vector.set(index, entry);
      const again = new PagedVector(entries.length);
      fromSparse(JSON.parse(JSON.stringify(toSparse(vector))) as ReturnType<typeof toSparse>, again);
      assert.deepEqual(again, vector);
    });
  }

  test('does not fit into a shorter one', () => {
    assert.throws(() => fromSparse({ runs: [2, 2], values: [1, 1] }, new PagedVector(3)), /do not fit/);
  });
});
