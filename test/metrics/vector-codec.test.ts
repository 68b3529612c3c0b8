import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type VectorDelta, VectorReceiver, VectorSender } from '../../src/metrics/vector-codec.ts';
import { randomStream } from './random.ts';

const vector = (...values: number[]) => Float64Array.from(values);
const valuesOf = ({ values }: VectorReceiver) => values.slice(0, values.length);

describe('what travels', () => {
  test('first everything that is not 0, in stretches', () => {
    const sender = new VectorSender(8);
    assert.deepEqual(sender.encode(vector(0, 0, 5, 6, 0, 0, 0, 7)), {
      sequence: 1,
      base: 0,
      size: 8,
      runs: [2, 2, 3, 1],
      values: [5, 6, 7],
    });
  });

  test('a stretch from the first entry on', () => {
    const { runs, values } = new VectorSender(4).encode(vector(1, 2, 0, 3));
    assert.deepEqual(
      [runs, values],
      [
        [0, 2, 1, 1],
        [1, 2, 3],
      ],
    );
  });

  test('until it is acknowledged, the same again with what is new; then only what changed since', () => {
    const sender = new VectorSender(4);
    sender.encode(vector(1, 0, 0, 0));
    assert.deepEqual(sender.encode(vector(1, 2, 0, 0)).values, [1, 2]);
    sender.acknowledge(1);
    assert.deepEqual(sender.encode(vector(1, 2, 0, 0)), {
      sequence: 3,
      base: 1,
      size: 4,
      runs: [1, 1],
      values: [2],
    });
    sender.acknowledge(3);
    assert.deepEqual(sender.encode(vector(1, 2, 0, 0)), {
      sequence: 4,
      base: 3,
      size: 4,
      runs: [],
      values: [],
    });
    assert.deepEqual(sender.encode(vector(0, 2, 0, 9)).values, [0, 9]);
  });

  test('an entry that changed there and back is told, since a report between may have arrived', () => {
    const sender = new VectorSender(1);
    const receiver = new VectorReceiver(1);
    receiver.apply(sender.encode(vector(1)));
    sender.acknowledge(1);
    receiver.apply(sender.encode(vector(2)));
    receiver.apply(sender.encode(vector(1)));
    assert.deepEqual(valuesOf(receiver), vector(1));
  });

  test('late and repeated acknowledgements change nothing', () => {
    const sender = new VectorSender(2);
    for (let count = 1; count <= 3; count++) sender.encode(vector(count, 0));
    sender.acknowledge(3);
    sender.acknowledge(2);
    sender.acknowledge(3);
    sender.acknowledge(0);
    assert.equal(sender.encode(vector(4, 0)).base, 3);
  });

  test('after a reset everything, whatever was acknowledged before it', () => {
    const sender = new VectorSender(2);
    sender.encode(vector(1, 2));
    sender.acknowledge(1);
    sender.encode(vector(1, 2));
    sender.reset();
    sender.acknowledge(2);
    assert.deepEqual(sender.encode(vector(1, 2)), {
      sequence: 3,
      base: 0,
      size: 2,
      runs: [0, 2],
      values: [1, 2],
    });
    sender.acknowledge(3);
    assert.equal(sender.encode(vector(1, 2)).base, 3);
  });

  for (const sequence of [3, -1, 0.5, Number.NaN, '1' as unknown as number]) {
    test(`acknowledging ${sequence} of 2 reports is refused`, () => {
      const sender = new VectorSender(1);
      sender.encode(vector(1));
      sender.encode(vector(2));
      assert.throws(() => sender.acknowledge(sequence), RangeError);
      assert.equal(sender.encode(vector(3)).base, 0);
    });
  }

  test('a vector of another length is refused', () => {
    assert.throws(() => new VectorSender(2).encode(vector(1)), /a vector of 2 entries, not 1/);
  });

  test('what the sender is given is copied, not kept', () => {
    const sender = new VectorSender(1);
    const current = vector(1);
    sender.encode(current);
    sender.acknowledge(1);
    current[0] = 2;
    assert.deepEqual(sender.encode(current).values, [2]);
  });
});

describe('what arrives', () => {
  const delta = (sequence: number, base: number, values: number[]): VectorDelta => ({
    sequence,
    base,
    size: 2,
    runs: values.length === 0 ? [] : [0, values.length],
    values,
  });

  test('a report that builds on what is not there asks for everything and changes nothing', () => {
    const receiver = new VectorReceiver(2);
    assert.equal(receiver.apply(delta(5, 4, [1])), 'resync');
    assert.equal(receiver.sequence, 0);
    assert.deepEqual(valuesOf(receiver), vector(0, 0));
    assert.equal(receiver.apply(delta(6, 0, [1, 2])), 'ok');
    assert.equal(receiver.sequence, 6);
    assert.equal(receiver.apply(delta(9, 7, [3])), 'resync');
    assert.deepEqual(valuesOf(receiver), vector(1, 2));
  });

  test('a report that builds on an older one than the latest is good', () => {
    const receiver = new VectorReceiver(2);
    receiver.apply(delta(1, 0, [1, 1]));
    receiver.apply(delta(2, 1, [2]));
    assert.equal(receiver.apply(delta(3, 1, [3])), 'ok');
    assert.deepEqual(valuesOf(receiver), vector(3, 1));
  });

  test('late and repeated ones set nothing back', () => {
    const receiver = new VectorReceiver(2);
    receiver.apply(delta(3, 0, [3, 3]));
    for (const late of [delta(1, 0, [1]), delta(2, 0, [2, 2]), delta(3, 0, [9])]) {
      assert.equal(receiver.apply(late), 'ok');
      assert.deepEqual(valuesOf(receiver), vector(3, 3));
      assert.equal(receiver.sequence, 3);
    }
  });

  test('one that builds on nothing leaves nothing of before', () => {
    const receiver = new VectorReceiver(2);
    receiver.apply(delta(1, 0, [1, 1]));
    receiver.apply(delta(2, 0, [5]));
    assert.deepEqual(valuesOf(receiver), vector(5, 0));
  });

  const good = { sequence: 3, base: 1, size: 4, runs: [1, 2], values: [1, 2] };
  const garbage: [what: string, delta: unknown][] = [
    ['null', null],
    ['a text', 'delta'],
    ['nothing of it', {}],
    ['sequence 0', { ...good, sequence: 0, base: 0 }],
    ['a negative sequence', { ...good, sequence: -3, base: -4 }],
    ['a broken sequence', { ...good, sequence: 2.5 }],
    ['a sequence in quotes', { ...good, sequence: '3' }],
    ['a negative base', { ...good, base: -1 }],
    ['a base as late as itself', { ...good, base: 3 }],
    ['another size', { ...good, size: 5 }],
    ['no size', { ...good, size: undefined }],
    ['a stretch without length', { ...good, runs: [1] }],
    ['a stretch that begins before the vector', { ...good, runs: [-1, 2] }],
    ['a stretch of negative length', { ...good, runs: [1, 3, 0, -1] }],
    ['a stretch of half an entry', { ...good, runs: [1, 1.5, 0, 0.5] }],
    ['a stretch past the end', { ...good, runs: [3, 2] }],
    ['a stretch far past the end', { ...good, runs: [2 ** 52, 2] }],
    ['a huge stretch', { ...good, runs: [0, 2 ** 53 - 1, 0, 2 ** 53 - 1] }],
    ['more entries than stretches', { ...good, values: [1, 2, 3] }],
    ['fewer entries than stretches', { ...good, values: [1] }],
    ['stretches that are no list', { ...good, runs: { length: 2, 0: 1, 1: 2 } }],
    ['entries that are no list', { ...good, values: '12' }],
    ['NaN', { ...good, values: [1, Number.NaN] }],
    ['Infinity', { ...good, values: [1, Number.POSITIVE_INFINITY] }],
    ['a negative entry', { ...good, values: [1, -1] }],
    ['null for an entry', { ...good, values: [1, null] }],
    ['an entry in quotes', { ...good, values: [1, '2'] }],
  ];
  for (const [what, wrong] of garbage) {
    test(`${what} is refused and changes nothing`, () => {
      const receiver = new VectorReceiver(4);
      receiver.apply({ sequence: 1, base: 0, size: 4, runs: [0, 4], values: [7, 7, 7, 7] });
      assert.throws(() => receiver.apply(wrong as VectorDelta), RangeError);
      assert.deepEqual(valuesOf(receiver), vector(7, 7, 7, 7));
      assert.equal(receiver.sequence, 1);
      assert.equal(receiver.apply(good), 'ok', 'and the right one is taken after it');
      assert.deepEqual(valuesOf(receiver), vector(7, 1, 2, 7));
    });
  }
});

describe('over a line that loses, repeats and reorders', () => {
  for (let seed = 0; seed < 40; seed++) {
    test(`the other side always has a state that was, and the last one in the end (${seed})`, () => {
      const random = randomStream(seed);
      const pick = (end: number) => Math.floor(random() * end);
      const size = 1 + pick(60);
      const current = new Float64Array(size);
      const sender = new VectorSender(size);
      let receiver = new VectorReceiver(size);
      /** The state as it was at each report, and everything ever sent, either way: any of it may arrive, at any time. */
      const states: Float64Array[] = [current.slice()];
      const reports: string[] = [];
      const answers: (() => void)[] = [];

      const report = () => {
        reports.push(JSON.stringify(sender.encode(current)));
        states.push(current.slice());
      };
      const deliver = (text: string) => {
        const delta = JSON.parse(text) as VectorDelta;
        const before = receiver.sequence;
        const answer = receiver.apply(delta);
        assert.deepEqual(valuesOf(receiver), states[receiver.sequence]);
        assert.ok(receiver.sequence >= before);
        if (answer === 'ok') assert.ok(receiver.sequence >= delta.sequence);
        else assert.equal(receiver.sequence, before);
        const { sequence } = receiver;
        answers.push(answer === 'ok' ? () => sender.acknowledge(sequence) : () => sender.reset());
      };

      for (let step = 0; step < 400; step++) {
        const what = random();
        if (what < 0.3) current[pick(size)]! += pick(5);
        else if (what < 0.35) current[pick(size)] = 0;
        else if (what < 0.6) report();
        else if (what < 0.75 && reports.length > 0) deliver(reports.at(-1)!);
        else if (what < 0.85 && reports.length > 0) deliver(reports[pick(reports.length)]!);
        else if (what < 0.93 && answers.length > 0) answers.at(-1)!();
        else if (what < 0.99 && answers.length > 0) answers[pick(answers.length)]!();
        else if (what >= 0.99) receiver = new VectorReceiver(size);
      }

      // The line is good again: two exchanges bring it home, the first of which may end in a resync.
      for (let exchange = 0; exchange < 2; exchange++) {
        report();
        deliver(reports.at(-1)!);
        answers.at(-1)!();
      }
      assert.deepEqual(valuesOf(receiver), current);
      assert.deepEqual(sender.encode(current).values, [], 'and nothing is sent twice');
    });
  }
});
