import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventOptions } from '../../src/template/content.ts';
import { EventMemory } from '../../src/template/events.ts';
import { createRandom, type Random } from '../../src/template/random.ts';

const lane = { lane: 0, lanes: 1, replacement: 0 };
const defaults: EventOptions = {
  reuse: 0,
  duplicates: 0,
  idField: 'messageId',
  seed: '42',
  profiles: 1,
  pool: 1,
};

interface Sent {
  messageId: string;
  /** Which rendering the event came from: 0, 1, … */
  n: number;
  from: string;
}

/** Renders `{"n": 0, "from": NAME}`, `{"n": 1, …}` and so on, or what `texts` says for a name. */
function renderer(texts: Record<string, () => string> = {}) {
  let n = 0;
  return (name: string) => texts[name]?.() ?? `{ "n": ${n++}, "from": "${name}" }`;
}

function createMemory(options: Partial<EventOptions>, random: Random, render = renderer()): EventMemory {
  return new EventMemory({ options: { ...defaults, ...options }, random, render });
}

const seeded = (seed: string, identity = lane) => createRandom(seed, identity, 'events');

function decode(base64: string): Sent {
  return JSON.parse(Buffer.from(base64, 'base64').toString());
}

/** Draws as told; keys are drawn in turn. */
function scripted(...draws: ('duplicate' | 'reuse' | 'new')[]): Random {
  const values = { duplicate: 0.05, reuse: 0.15, new: 0.95 };
  let key = 0;
  return {
    seeded: true,
    float: () => {
      const draw = draws.shift();
      assert.ok(draw, 'more draws are made than there are events');
      return values[draw];
    },
    int: (below) => key++ % below,
  };
}
/** The odds that `scripted` is made for. */
const odds = { duplicates: 0.1, reuse: 0.1 };
const keys = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'];

describe('shares', () => {
  test('over 50,000 targets reuse 90 % and duplicates 1 % lie within 3 standard deviations', () => {
    for (const keyFirst of [false, true]) {
      const memory = createMemory({ reuse: 0.9, duplicates: 0.01 }, seeded('shares'));
      const seen = new Map<string, { base64: string; key: string }>();
      let newest = -1;
      const counts = { new: 0, reuse: 0, duplicate: 0 };
      const total = 50_000;
      for (let i = 0; i < total; i++) {
        memory.beginTarget();
        let key = keyFirst ? memory.selectWriteKey(keys, 'track') : '';
        const base64 = memory.includeEvent('track.json', 'track').base64;
        if (!keyFirst) key = memory.selectWriteKey(keys, 'track');
        const { messageId, n } = decode(base64);
        const original = seen.get(messageId);
        if (original !== undefined) {
          counts.duplicate++;
          assert.deepEqual(
            { base64, key },
            original,
            'a duplicate is its original to the byte, with its key',
          );
        } else if (n === newest) counts.reuse++;
        else counts.new++;
        assert.ok(n === newest || n === newest + 1);
        newest = n;
        seen.set(messageId, { base64, key });
      }
      const within = (count: number, share: number) =>
        assert.ok(Math.abs(count - total * share) < 3 * Math.sqrt(total * share * (1 - share)), `${count}`);
      within(counts.reuse, 0.9);
      within(counts.duplicate, 0.01);
      within(counts.new, 0.09);
    }
  });

  test('reuse 0 and duplicates 0: every event is new', () => {
    const memory = createMemory({}, seeded('none'));
    for (let i = 0; i < 1000; i++) {
      memory.beginTarget();
      assert.equal(decode(memory.includeEvent('a.json', 'a').base64).n, i);
    }
  });

  test('reuse 100 %: one event, each time under another id', () => {
    const memory = createMemory({ reuse: 1 }, seeded('all'));
    const ids = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      memory.beginTarget();
      const { n, messageId } = decode(memory.includeEvent('a.json', 'a').base64);
      assert.equal(n, 0);
      ids.add(messageId);
    }
    assert.equal(ids.size, 1000);
  });

  test('duplicates 100 %: one event, byte for byte, with one key', () => {
    const memory = createMemory({ duplicates: 1 }, seeded('same'));
    const sent = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      memory.beginTarget();
      sent.add(`${memory.includeEvent('a.json', 'a').base64} ${memory.selectWriteKey(keys, 'a')}`);
    }
    assert.equal(sent.size, 1);
  });

  test('keys of new and reused events are drawn evenly from the list', () => {
    const memory = createMemory({ reuse: 0.5 }, seeded('keys'));
    const counts = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      memory.beginTarget();
      memory.includeEvent('a.json', 'a');
      const key = memory.selectWriteKey(keys, 'a');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.equal(counts.size, keys.length);
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 4 * Math.sqrt(875), `${count}`);
  });
});

describe('what the last event is', () => {
  test('a reuse takes the place of the event; a duplicate after it has the id of the reuse', () => {
    const memory = createMemory(
      odds,
      scripted('new', 'reuse', 'duplicate', 'reuse', 'duplicate', 'new', 'duplicate'),
    );
    const [a, b, c, d, e, f, g] = Array.from({ length: 7 }, () => {
      memory.beginTarget();
      return decode(memory.includeEvent('x.json', 'x').base64);
    });
    assert.deepEqual(
      [a, b, c, d, e, f, g].map((event) => event!.n),
      [0, 0, 0, 0, 0, 1, 1],
    );
    assert.equal(new Set([a, b, d, f].map((event) => event!.messageId)).size, 4);
    assert.deepEqual([c, e, g], [b, d, f]);
  });

  test('the first event of a type is new, whatever is drawn', () => {
    const memory = createMemory(odds, scripted('duplicate', 'reuse'));
    memory.beginTarget();
    assert.equal(decode(memory.includeEvent('x.json', 'x').base64).n, 0);
    memory.beginTarget();
    assert.equal(decode(memory.includeEvent('y.json', 'y').base64).n, 1);

    const withId = createMemory(odds, scripted('reuse'), () => '{"messageId":"mine"}');
    withId.beginTarget();
    assert.equal(
      decode(withId.includeEvent('x.json', 'x').base64).messageId,
      'mine',
      'no reuse, so no fresh id',
    );
  });

  test('it is remembered by type, not by template', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'reuse'));
    memory.beginTarget();
    const first = memory.includeEvent('x.json', 'track').base64;
    memory.beginTarget();
    assert.equal(memory.includeEvent('y.json', 'track').base64, first);
    memory.beginTarget();
    assert.equal(decode(memory.includeEvent('y.json', 'track').base64).from, 'x.json');
  });

  test('types are independent: each has its own memory, draw and key in one target', () => {
    const memory = createMemory(odds, scripted('new', 'new', 'duplicate', 'new', 'duplicate', 'duplicate'));
    const target = () => {
      memory.beginTarget();
      return ['a', 'b'].map((type) => [
        memory.selectWriteKey(keys, type),
        memory.includeEvent(`${type}.json`, type).base64,
      ]);
    };
    const [a1, b1] = target();
    const [a2, b2] = target();
    assert.deepEqual(a2, a1);
    assert.notEqual(b2![1], b1![1]);
    const [a3, b3] = target();
    assert.deepEqual([a3, b3], [a1, b2]);
  });

  test('types with the names of object properties are types like others', () => {
    const memory = createMemory(odds, scripted('new', 'new', 'duplicate'));
    for (const type of ['__proto__', 'constructor']) {
      memory.beginTarget();
      assert.equal(decode(memory.includeEvent('x.json', type).base64).from, 'x.json');
    }
    memory.beginTarget();
    assert.equal(decode(memory.includeEvent('x.json', '__proto__').base64).n, 0);
  });

  test('forget: the next event is new, and its key is drawn', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'duplicate'));
    memory.beginTarget();
    memory.selectWriteKey(['old'], 'x');
    memory.includeEvent('x.json', 'x');
    memory.forget();
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['fresh'], 'x'), 'fresh');
    assert.equal(decode(memory.includeEvent('x.json', 'x').base64).n, 1);
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['other'], 'x'), 'fresh');
  });
});

describe('write keys', () => {
  test('a duplicate has the key of its original, wherever the calls stand', () => {
    for (const [first, second] of [
      ['event', 'key'],
      ['key', 'event'],
      ['key', 'key'],
      ['event', 'event'],
    ]) {
      const memory = createMemory(odds, scripted('new', 'duplicate', 'duplicate'));
      const target = (order: string | undefined) => {
        memory.beginTarget();
        let key = order === 'key' ? memory.selectWriteKey(keys, 'x') : '';
        const event = memory.includeEvent('x.json', 'x').base64;
        if (order === 'event') key = memory.selectWriteKey(keys, 'x');
        return { key, event };
      };
      const original = target(first);
      assert.deepEqual(target(second), original);
      assert.deepEqual(target(first), original);
    }
  });

  test('header, URL and body that all ask get the same key, and the draw is made once', () => {
    const memory = createMemory(odds, scripted('new', 'reuse', 'duplicate'));
    const target = () => {
      memory.beginTarget();
      const header = memory.selectWriteKey(keys, 'x');
      const url = memory.selectWriteKey(keys, 'x');
      memory.includeEvent('x.json', 'x');
      const body = memory.selectWriteKey(keys, 'x');
      assert.deepEqual([url, body], [header, header]);
      return header;
    };
    const [first, second, third] = [target(), target(), target()];
    assert.notEqual(second, first, 'a reuse draws a key of its own');
    assert.equal(third, second);
  });

  test("the original's key also where the list does not hold it, or is a single key", () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'duplicate', 'reuse'));
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey('first', 'x'), 'first');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['a', 'b'], 'x'), 'first');
    memory.beginTarget();
    assert.equal(memory.selectWriteKey('z', 'x'), 'first');
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey('z', 'x'), 'z');
  });

  test('an event that was sent without a key: its duplicate takes one, and keeps it from then on', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'duplicate'));
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['a'], 'x'), 'a');
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['b'], 'x'), 'a');
  });

  test('a reuse that is sent without a key does not inherit the one of the event before', () => {
    const memory = createMemory(odds, scripted('new', 'reuse', 'duplicate'));
    memory.beginTarget();
    memory.selectWriteKey(['a'], 'x');
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['b'], 'x'), 'b');
  });

  test('a duplicate that is sent without a key keeps the one of its original', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'duplicate'));
    memory.beginTarget();
    memory.selectWriteKey(['a'], 'x');
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['b'], 'x'), 'a');
  });

  test('a target that asks for a key and gives no event leaves the memory as it was', () => {
    const memory = createMemory(odds, scripted('new', 'new', 'duplicate'));
    memory.beginTarget();
    memory.selectWriteKey(['a'], 'x');
    const original = memory.includeEvent('x.json', 'x').base64;
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['b'], 'x'), 'b');
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['c'], 'x'), 'a');
    assert.equal(memory.includeEvent('x.json', 'x').base64, original);
  });

  test('what is no key and no list of keys is refused', () => {
    const memory = createMemory({}, seeded('keys'));
    memory.beginTarget();
    const rows: [unknown, RegExp][] = [
      [undefined, /not undefined$/],
      [null, /not null$/],
      [[], /not an empty list$/],
      [[1], /not \[1\]$/],
      [7, /not 7$/],
      [{ a: 1 }, /not \{"a":1\}$/],
    ];
    for (const [wrong, message] of rows) {
      assert.throws(() => memory.selectWriteKey(wrong as string, 'x'), { message });
    }
    assert.equal(memory.selectWriteKey('', 'x'), '', 'an empty key is a key: some tests want it');
  });
});

describe('several events of one type in one target', () => {
  test('each has a draw of its own, and the one before is the last', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'reuse', 'duplicate', 'new'));
    memory.beginTarget();
    const [a, b, c] = [1, 2, 3].map(() => memory.includeEvent('x.json', 'x').base64);
    assert.equal(b, a);
    assert.notEqual(c, a);
    assert.equal(decode(c!).n, 0);
    memory.beginTarget();
    const [d, e] = [1, 2].map(() => memory.includeEvent('x.json', 'x').base64);
    assert.equal(d, c);
    assert.equal(decode(e!).n, 1);
  });

  test('they share one key: the one of the original, when the first is a duplicate', () => {
    const memory = createMemory(odds, scripted('new', 'duplicate', 'new', 'duplicate'));
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['a'], 'x'), 'a');
    memory.beginTarget();
    memory.includeEvent('x.json', 'x');
    memory.includeEvent('x.json', 'x');
    assert.equal(memory.selectWriteKey(['b'], 'x'), 'a');
    memory.beginTarget();
    assert.equal(memory.selectWriteKey(['c'], 'x'), 'a', 'the last of them was sent with it');
  });

  test('an event that includes one of its own type: the outer one is the last', () => {
    let depth = 0;
    const memory: EventMemory = createMemory(
      odds,
      scripted('new', 'new', 'duplicate'),
      renderer({
        'outer.json': () => {
          depth++;
          const inner = memory.includeEvent('inner.json', 'x').base64;
          return `{"from":"outer.json","n":100,"inner":"${inner}"}`;
        },
      }),
    );
    memory.beginTarget();
    const outer = memory.includeEvent('outer.json', 'x').base64;
    assert.equal(decode(outer).from, 'outer.json');
    memory.beginTarget();
    assert.equal(memory.includeEvent('outer.json', 'x').base64, outer);
    assert.equal(depth, 1);
  });
});

describe('errors', () => {
  test('an event that is no JSON object is refused under the name of its template', () => {
    const memory = createMemory({}, seeded('errors'), () => '[1]');
    memory.beginTarget();
    assert.throws(() => memory.includeEvent('list.json', 'x').base64, {
      message: 'event "list.json" is no JSON object but an array',
    });
  });

  test('what a template throws comes through as it is', () => {
    const thrown = new Error('boom');
    const memory = createMemory({}, seeded('errors'), () => {
      throw thrown;
    });
    memory.beginTarget();
    assert.throws(
      () => memory.includeEvent('x.json', 'x').base64,
      (error) => error === thrown,
    );
  });

  test('a failed event leaves the last one and its key', () => {
    for (const bad of [() => '{', () => assert.fail('boom')]) {
      const memory = createMemory(odds, scripted('new', 'new', 'duplicate'), renderer({ 'bad.json': bad }));
      memory.beginTarget();
      memory.selectWriteKey(['a'], 'x');
      const good = memory.includeEvent('x.json', 'x').base64;
      memory.beginTarget();
      memory.selectWriteKey(['b'], 'x');
      assert.throws(() => memory.includeEvent('bad.json', 'x').base64);
      memory.selectWriteKey(['c'], 'x');
      memory.beginTarget();
      assert.equal(memory.includeEvent('x.json', 'x').base64, good);
      assert.equal(memory.selectWriteKey(['d'], 'x'), 'a');
    }
  });

  test('a dropped target gives back events and keys of all its types, as if it had never begun', () => {
    const memory = createMemory(
      odds,
      scripted('new', 'new', 'reuse', 'new', 'duplicate', 'duplicate', 'new', 'duplicate'),
    );
    memory.beginTarget();
    const a = memory.includeEvent('a.json', 'a').base64;
    memory.selectWriteKey(['ka'], 'a');
    const b = memory.includeEvent('b.json', 'b').base64;
    memory.beginTarget();
    memory.includeEvent('a.json', 'a');
    memory.selectWriteKey(['other'], 'a');
    memory.includeEvent('b.json', 'b');
    memory.dropTarget();
    memory.beginTarget();
    assert.equal(memory.includeEvent('a.json', 'a').base64, a);
    assert.equal(memory.selectWriteKey(['other'], 'a'), 'ka');
    assert.equal(memory.includeEvent('b.json', 'b').base64, b);
    memory.beginTarget();
    memory.includeEvent('c.json', 'c');
    memory.dropTarget();
    memory.beginTarget();
    assert.equal(decode(memory.includeEvent('c.json', 'c').base64).from, 'c.json', 'there was none before');
  });

  test('a dropped target leaves the types that it did not ask for', () => {
    const memory = createMemory(odds, scripted('new', 'new', 'new', 'duplicate'));
    memory.beginTarget();
    memory.includeEvent('a.json', 'a');
    memory.beginTarget();
    const a = memory.includeEvent('a.json', 'a').base64;
    memory.beginTarget();
    memory.includeEvent('b.json', 'b');
    memory.dropTarget();
    memory.beginTarget();
    assert.equal(memory.includeEvent('a.json', 'a').base64, a);
  });

  test('a type must be named, and there are at most 1000', () => {
    const memory = createMemory({}, seeded('types'));
    memory.beginTarget();
    for (const wrong of ['', undefined, 5]) {
      assert.throws(
        () => memory.includeEvent('x.json', wrong as string).base64,
        /^Error: includeEvent takes .* type/,
      );
      assert.throws(
        () => memory.selectWriteKey('k', wrong as string),
        /^Error: selectWriteKey takes .* type/,
      );
    }
    for (let i = 0; i < 1000; i++) memory.includeEvent('x.json', `type ${i}`);
    assert.throws(() => memory.includeEvent('x.json', 'one more'), /more than 1000 types/);
    memory.includeEvent('x.json', 'type 7');
  });
});

describe('seed', () => {
  const run = (seed: string, identity = lane) => {
    const memory = createMemory({ reuse: 0.5, duplicates: 0.2 }, seeded(seed, identity));
    return Array.from({ length: 200 }, () => {
      memory.beginTarget();
      const key = memory.selectWriteKey(keys, 'x');
      const base64 = memory.includeEvent('x.json', 'x').base64;
      return { key, ...decode(base64) };
    });
  };

  test('repeats the sequence of new, reused and duplicate events and of keys, but never an id', () => {
    const [a, b] = [run('7'), run('7')];
    const plain = (sent: ReturnType<typeof run>) => {
      const ids = [...new Set(sent.map((event) => event.messageId))];
      return sent.map(({ n, key, messageId }) => [n, key, ids.indexOf(messageId)]);
    };
    assert.deepEqual(plain(a), plain(b));
    const ids = new Set(a.map((event) => event.messageId));
    assert.ok(b.every((event) => !ids.has(event.messageId)));
    assert.notDeepEqual(plain(run('8')), plain(a));
    assert.notDeepEqual(plain(run('7', { ...lane, lane: 1 })), plain(a));
  });
});

test('the id field is the one of the options', () => {
  const memory = createMemory({ idField: 'eventId' }, seeded('field'));
  memory.beginTarget();
  const event = JSON.parse(Buffer.from(memory.includeEvent('x.json', 'x').base64, 'base64').toString());
  assert.deepEqual(Object.keys(event), ['eventId', 'n', 'from']);
});
