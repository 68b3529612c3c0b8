import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { POOLED_KINDS } from '../../src/template/fake/kinds.ts';
import { functionTable } from '../../src/template/functions/function-table.ts';
import { LaneTemplates } from '../../src/template/lane-templates.ts';
import { contentOf, errorOf, type Given, LANE, laneOf, rendered } from './lane.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The results of so many calls in one render. */
function values(expression: string, count: number, given: Given = {}): unknown[] {
  const template = `<% const all = []; for (let i = 0; i < ${count}; i++) all.push(${expression}) %><%= toJSON(all) %>`;
  return JSON.parse(rendered(template, given)) as unknown[];
}

function counts(drawn: unknown[]): Map<unknown, number> {
  const map = new Map<unknown, number>();
  for (const value of drawn) map.set(value, (map.get(value) ?? 0) + 1);
  return map;
}

/** Within four standard deviations of n draws with chance p. */
function assertShare(count: number | undefined, n: number, p: number): void {
  const deviation = Math.abs((count ?? 0) - n * p) / Math.sqrt(n * p * (1 - p));
  assert.ok(deviation < 4, `${count} of ${n} is ${deviation} standard deviations from ${p}`);
}

describe('every function of the table', () => {
  const others = {
    'context.json': '{}',
    'track.json': '{}',
    'track-target.json': '{}',
    'page-target.json': '{}',
  };
  const variables = { WriteKeys: ['a', 'b'] };
  for (const { name, signature, example, renders, doc } of functionTable) {
    test(`${name}: its example renders`, () => {
      const output = rendered({ entry: example, ...others }, { variables });
      if (renders !== null) assert.equal(output, renders);
      assert.ok(example.includes(name) && signature.startsWith(`${name}(`) && doc.endsWith('.'));
    });
  }

  test('has a name of its own', () => {
    assert.equal(new Set(functionTable.map((entry) => entry.name)).size, functionTable.length);
  });
});

describe('printed alone, a function gives what it gives in code', () => {
  const calls = [
    ...Object.keys(POOLED_KINDS).map((kind) => `phony('${kind}')`),
    'randInt(-5, 5000)',
    'randAlphaNum(12)',
    "base64('a\u00fc')",
    "b64enc(phony('name'))",
  ];
  for (const call of calls) {
    test(call, () => {
      const many = (tag: string) => rendered(`<% for (let i = 0; i < 40; i++) { %>${tag} <% } %>`);
      assert.equal(many(`<%= ${call} %>`), many(`<% { const v = ${call} %><%= v %><% } %>`));
      assert.equal(many(`<%~ ${call} %>`), many(`<% { const v = ${call} %><%~ v %><% } %>`));
    });
  }

  for (const [call, pattern] of [
    ['uuid()', UUID],
    ["phony('uuid')", UUID],
    ["phony('id')", /^[a-z0-9]{20}$/],
    ["phony('unixtime')", /^\d{10}$/],
    ['now()', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
    ["now('unixMs')", /^\d{13}$/],
  ] as const) {
    test(call, () => {
      for (const tag of ['=', '~']) assert.match(rendered(`<%${tag} ${call} %>`), pattern);
    });
  }

  test('what it refuses it refuses there too', () => {
    for (const call of [
      "phony('nothing')",
      'phony()',
      'randInt(2, 1)',
      "randAlphaNum('a')",
      "now('x')",
      'base64()',
    ]) {
      const [alone, inCode] = [`<%= ${call} %>`, `<% const v = ${call} %><%= v %>`].map((entry) =>
        errorOf(entry),
      );
      assert.equal(alone!.reason, inCode!.reason);
    }
  });
});

describe('chance', () => {
  test('randFloat64 is in [0, 1) and spread', () => {
    const drawn = values('randFloat64()', 20_000) as number[];
    assert.ok(drawn.every((value) => value >= 0 && value < 1));
    assertShare(drawn.filter((value) => value < 0.25).length, 20_000, 0.25);
  });

  test('randInt takes its least, not its most, and each alike', () => {
    const drawn = counts(values('randInt(-1, 3)', 20_000));
    assert.deepEqual(new Set(drawn.keys()), new Set([-1, 0, 1, 2]));
    for (const count of drawn.values()) assertShare(count, 20_000, 0.25);
  });

  test('randInt stays whole over its whole range', () => {
    const drawn = values('randInt(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)', 100) as number[];
    assert.ok(drawn.every(Number.isSafeInteger));
  });

  test('randAlphaNum has the length and only letters and digits', () => {
    for (const text of values('randAlphaNum(40)', 50)) assert.match(text as string, /^[A-Za-z0-9]{40}$/);
    assert.deepEqual(values('randAlphaNum(0)', 1), ['']);
  });

  test('pick takes each element alike', () => {
    const drawn = counts(values('pick([1, "b", null])', 9000));
    assert.equal(drawn.size, 3);
    for (const count of drawn.values()) assertShare(count, 9000, 1 / 3);
  });

  test('weighted takes names by their weights', () => {
    const drawn = counts(values('weighted({ a: 60, b: 30, c: 10, never: 0 })', 20_000));
    assertShare(drawn.get('a'), 20_000, 0.6);
    assertShare(drawn.get('b'), 20_000, 0.3);
    assertShare(drawn.get('c'), 20_000, 0.1);
    assert.equal(drawn.get('never'), undefined);
  });

  test('weighted takes values of pairs by their weights', () => {
    const drawn = counts(values('weighted([[true, 9], [false, 1], ["never", 0]])', 20_000));
    assertShare(drawn.get(true), 20_000, 0.9);
    assert.equal(drawn.size, 2);
  });

  test('weighted with one choice needs no luck', () => {
    assert.deepEqual(new Set(values('weighted({ zero: 0, one: 0.1, last: 0 })', 1000)), new Set(['one']));
  });

  test('repeats under a seed, all but ids', () => {
    const template = `<%= toJSON([randFloat64(), randInt(0, 1e9), randAlphaNum(20), pick([1, 2, 3, 4]), phony('name'), faker('company.name'), weighted({ a: 1, b: 1 })]) %>`;
    const same = () =>
      Array.from(
        { length: 20 },
        (
          (lane) => () =>
            lane.render('entry')
        )(laneOf(template)),
      );
    assert.deepEqual(same(), same());
    assert.notEqual(rendered(template), rendered(template, { events: { seed: 'another' } }));
    assert.notEqual(
      rendered(template, { events: { seed: null } }),
      rendered(template, { events: { seed: null } }),
    );
    assert.notEqual(rendered(`<%= uuid() %>`), rendered(`<%= uuid() %>`));
  });

  test('differs between lanes and replacements', () => {
    const content = contentOf({ entry: '<%= randFloat64() %>' });
    const of = (identity: object) => new LaneTemplates(content, { ...LANE, ...identity }).render('entry');
    assert.equal(new Set([of({}), of({ lane: 1 }), of({ replacement: 1 })]).size, 3);
    assert.equal(of({}), of({}));
  });
});

describe('ids and time', () => {
  test('uuid is unique', () => {
    const drawn = values('uuid()', 2000) as string[];
    assert.equal(new Set(drawn).size, 2000);
    for (const id of drawn) assert.match(id, UUID);
  });

  test('now is the time in each of its forms', () => {
    const before = Date.now();
    const [iso, unix, ms, named] = JSON.parse(
      rendered(`<%= [now(), now('unix'), now('unixMs'), now('iso')] %>`),
    );
    const after = Date.now();
    assert.match(iso, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const time of [Date.parse(iso), ms, Date.parse(named)]) assert.ok(time >= before && time <= after);
    assert.ok(Number.isInteger(unix) && unix >= Math.floor(before / 1000) && unix <= after / 1000);
  });

  test('now does not stand still', async () => {
    const lane = laneOf('<%= now() %>');
    const first = lane.render('entry');
    while (Date.now() <= Date.parse(first)) await new Promise(setImmediate);
    assert.ok(lane.render('entry') > first);
  });
});

describe('texts and encodings', () => {
  const rows: [expression: string, result: unknown][] = [
    [`base64('')`, ''],
    [`base64('é😀')`, 'w6nwn5iA'],
    [`base64(toBytes('é😀'))`, 'w6nwn5iA'],
    [`base64(new Uint8Array([255, 0]))`, '/wA='],
    [`base64(12)`, 'MTI='],
    [`base64(base64('a'))`, 'WVE9PQ=='],
    [`b64enc(includeTemplate('part'))`, 'eyAicCI6IDEgfQ=='],
    [`base64(join(list('key', ':'), ''))`, 'a2V5Og=='],
    [`base64(toBytes(join('', list(selectWriteKey('key', 't'), ':'))))`, 'a2V5Og=='],
    [`b64dec('w6nwn5iA')`, 'é😀'],
    [`b64dec('YQ')`, 'a'],
    [`b64dec('YQ==\\n')`, 'a'],
    [`b64dec('_-8')`, Buffer.from('_-8', 'base64').toString()],
    [`base64decode('')`, ''],
    [`nospace(' a\\t b\\n')`, 'ab'],
    [`nospace(5)`, '5'],
    [`trim(' a b ')`, 'a b'],
    [`upper('straße')`, 'STRASSE'],
    [`lower(true)`, 'true'],
    [`join([1, true, 'x', quote('y')], ', ')`, '1, true, x, "y"'],
    [`join(['a', 'b'])`, 'ab'],
    [`join([], ',')`, ''],
    [`list()`, []],
    [`sha256sum('abc')`, createHash('sha256').update('abc').digest('hex')],
    [`sha256sum(toBytes('abc'))`, createHash('sha256').update('abc').digest('hex')],
    [`toJSON({ a: [1, undefined, 'x'] })`, '{"a":[1,null,"x"]}'],
    [`quote('a\\n"b"')`, '"a\\n\\"b\\""'],
    [
      `compactJSON(' [1.0, 1e400, 12345678901234567890, {"a": 1, "a": " 2 "}] ')`,
      '[1.0,1e400,12345678901234567890,{"a":1,"a":" 2 "}]',
    ],
    [`compactJSON('"\\\\" \\\\\\\\" ')`, '"\\" \\\\"'],
  ];
  for (const [expression, result] of rows) {
    test(`${expression} is ${JSON.stringify(result)}`, () => {
      const output = rendered({ entry: `<%= toJSON(${expression}) %>`, part: ' { "p": 1 } ' });
      assert.deepEqual(JSON.parse(output), result);
    });
  }

  for (const text of ['a', 'abcde', 'YQ=', 'Y Q = = =', 'YQ==YQ==', '{}']) {
    test(`b64dec refuses ${text}`, () => {
      assert.throws(() => rendered(`<%= b64dec('${text}') %>`), /is no base64/);
    });
  }
});

describe('events in templates', () => {
  const files = {
    entry: `<%= selectWriteKey(it.Keys, 'track') %> <%= b64dec(includeEvent('track.json', 'track')) %>`,
    'track.json': '{"n": <%= randInt(0, 1e9) %>}',
  };
  const variables = { Keys: ['a', 'b', 'c', 'd', 'e'] };

  function sent(events: Given['events'], count: number): { key: string; id: string; n: number }[] {
    const lane = laneOf(files, { variables, events });
    return Array.from({ length: count }, () => {
      const [, key, event] = /^(\w) (.*)$/s.exec(lane.render('entry'))!;
      const { messageId, n } = JSON.parse(event!);
      return { key: key!, id: messageId, n };
    });
  }

  test('without reuse all are new', () => {
    const all = sent({}, 200);
    assert.equal(new Set(all.map((each) => each.id)).size, 200);
    assert.equal(new Set(all.map((each) => each.n)).size, 200);
  });

  test('with reuse 100 % there is one, under new ids', () => {
    const all = sent({ reuse: 1 }, 200);
    assert.equal(new Set(all.map((each) => each.id)).size, 200);
    assert.equal(new Set(all.map((each) => each.n)).size, 1);
  });

  test('with duplicates 100 % there is one, with its id and key', () => {
    const all = sent({ duplicates: 1 }, 200);
    assert.equal(new Set(all.map(({ key, id, n }) => `${key} ${id} ${n}`)).size, 1);
  });

  test('a target that failed leaves no event behind', () => {
    const lane = laneOf(
      { ...files, bad: `<% includeEvent('track.json', 'track') %><%= nope %>` },
      { variables, events: { duplicates: 1 } },
    );
    assert.throws(() => lane.render('bad'));
    const first = lane.render('entry');
    assert.throws(() => lane.render('bad'));
    assert.equal(lane.render('entry'), first);
  });
});

test('selectPersonasIdSet gives identifiers of a pool that is divided among lanes', () => {
  const content = contentOf({ entry: '<%= toJSON(selectPersonasIdSet()) %>' }, { events: { profiles: 3 } });
  const lane = new LaneTemplates(content, { lane: 2, lanes: 3, replacement: 0 });
  const users = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const { userId, anonymousId } = JSON.parse(lane.render('entry'));
    assert.ok(userId !== undefined || anonymousId !== undefined);
    if (userId) users.add(userId);
  }
  assert.ok(users.size <= 2, 'one profile at a time, replaced when its sets are drawn');
});
