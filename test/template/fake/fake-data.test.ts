import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faker as english } from '@faker-js/faker/locale/en';
import { FakeData } from '../../../src/template/fake/fake-data.ts';
import { createRandom, type Random } from '../../../src/template/random.ts';

const lane = { lane: 0, lanes: 1, replacement: 0 };
const seeded = (seed = 'fake', identity = lane) => createRandom(seed, identity, 'fake');
const create = (poolSize = 1000, random: Random = seeded()) => new FakeData(random, poolSize);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function many<T>(n: number, make: () => T): T[] {
  return Array.from({ length: n }, make);
}

const KINDS: Record<string, RegExp | ((value: number) => boolean)> = {
  avatar: /^https:\/\/\S+$/,
  city: /^\p{Lu}/u,
  color: /^[a-z ]+$/,
  country: /^\p{Lu}/u,
  'country.code': /^[A-Z]{2}$/,
  domain: /^[a-z-]+\.[a-z]+$/,
  'domain.name': /^[a-z-]+$/,
  'domain.tld': /^[a-z]+$/,
  email: /^[^@\s]+@example\.(com|net|org)$/,
  'event.action': /^[A-Z][A-Za-z ]+$/,
  'http.method': /^(GET|POST|PUT|DELETE|PATCH)$/,
  id: /^[a-z0-9]{20}$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
  ipv6: /^([0-9a-f]{4}:){7}[0-9a-f]{4}$/,
  latitude: (value) => value >= -90 && value <= 90,
  longitude: (value) => value >= -180 && value <= 180,
  mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
  name: /^\S+ \S.*$/,
  'name.first': /^\p{Lu}/u,
  'name.last': /^\p{Lu}/u,
  phone: /^\+\d{8,15}$/,
  'product.category': /^[A-Z]/,
  'product.name': /^[A-Z]\S* \S/,
  sentence: /^[A-Z].* .*\.$/,
  state: /^[A-Z]/,
  'state.code': /^[A-Z]{2}$/,
  timezone: /^[A-Z][A-Za-z]+(\/[\w+-]+)*$/,
  unixtime: (value) => Number.isInteger(value) && Math.abs(value - Date.now() / 1000) < 60,
  url: /^https:\/\/[a-z.-]+\/?$/,
  'user.agent': /^\S+\/\d/,
  username: /^[\w.-]+$/,
  uuid: UUID,
};

describe('phony', () => {
  const data = create();
  for (const [kind, expected] of Object.entries(KINDS)) {
    test(kind, () => {
      const values = many(1500, () => data.phony(kind));
      for (const value of values) {
        if (typeof expected === 'function') {
          assert.equal(typeof value, 'number');
          assert.ok(expected(value as number), String(value));
        } else assert.match(value as string, expected);
      }
      if (kind !== 'unixtime') assert.ok(new Set(values).size >= 5, 'values vary');
    });
  }

  test('ids are unique, also with a pool of one and under a seed', () => {
    for (const kind of ['id', 'uuid']) {
      const [a, b] = [create(1), create(1)];
      const ids = new Set(many(20_000, () => a.phony(kind)).concat(many(20_000, () => b.phony(kind))));
      assert.equal(ids.size, 40_000);
    }
  });

  test('unixtime is the time of the clock in whole seconds', () => {
    const data = new FakeData(seeded(), 10, () => 1_700_000_000_999);
    assert.equal(data.phony('unixtime'), 1_700_000_000);
  });

  test('an address is one that a client on the internet could have', () => {
    const data = create(20_000);
    for (const address of many(20_000, () => String(data.phony('ipv4')))) {
      const [a, b, , d] = address.split('.').map(Number) as [number, number, number, number];
      assert.ok(
        a > 0 && a < 224 && d > 0 && d < 255 && !/^(10|127|169\.254|192\.168|192\.0)\./.test(address),
        address,
      );
      assert.ok(!(a === 172 && b >= 16 && b < 32), address);
    }
  });

  test('a pool holds as many values as was asked for', () => {
    for (const size of [1, 7]) {
      const data = create(size);
      assert.equal(new Set(many(500, () => data.phony('ipv4'))).size, size);
    }
  });

  test('an unknown kind names those that are near, and all', () => {
    assert.throws(() => data.phony('emial'), {
      message:
        /^phony: there is no kind "emial"; did you mean "email"\?; kinds are avatar, .*username, uuid$/,
    });
    for (const wrong of [
      '',
      'Email',
      'constructor',
      '__proto__',
      'toString',
      'x'.repeat(1e6),
      undefined,
      5,
      null,
      {},
    ]) {
      assert.throws(
        () => data.phony(wrong as string),
        /^Error: phony: there is no kind .{0,200}kinds are avatar/,
      );
    }
  });
});

describe('faker', () => {
  const data = create();

  test('gives what the method of that path gives', () => {
    assert.match(data.faker('commerce.productName') as string, /^[A-Z]/);
    assert.match(data.faker('internet.email') as string, /@/);
    assert.equal(typeof data.faker('location.latitude'), 'number');
  });

  test('takes arguments, and keeps those of different calls apart', () => {
    for (const value of many(3000, () => data.faker('string.alpha', { length: 3 }))) {
      assert.match(value as string, /^[A-Za-z]{3}$/);
      assert.match(data.faker('string.alpha', { length: 5, casing: 'upper' }) as string, /^[A-Z]{5}$/);
      assert.match(data.faker('string.alpha') as string, /^[A-Za-z]$/);
      assert.match(data.faker('helpers.fromRegExp', /[A-F]{2}/) as string, /^[A-F]{2}$/);
      assert.match(data.faker('helpers.fromRegExp', /[0-9]{2}/) as string, /^[0-9]{2}$/);
    }
  });

  test('values come from a pool', () => {
    const data = create(5);
    assert.equal(new Set(many(300, () => data.faker('internet.email'))).size, 5);
    assert.equal(new Set(many(300, () => data.faker('string.alpha', 20))).size, 5);
    assert.equal(new Set(many(300, () => data.faker('string.alpha', { length: 20 }))).size, 5);
  });

  test('pools are bounded: when arguments go on changing, values are made anew and stay right', () => {
    const data = create(3);
    let calls = 0;
    for (let length = 1; length <= 2000; length++) {
      for (let i = 0; i < 2; i++) {
        calls++;
        assert.equal((data.faker('string.numeric', length) as string).length, length);
      }
    }
    assert.equal(calls, 4000);
    const late = new Set(many(50, () => data.faker('string.alpha', 30)));
    assert.equal(late.size, 50, 'no pool is opened any more');
    assert.equal(
      new Set(many(50, () => data.faker('string.numeric', 200))).size,
      3,
      'the ones there are go on',
    );
  });

  test('draws from a range, a list or odds of the caller are exact, not out of a pool', () => {
    const data = create(2);
    const wide = { max: 1e15 };
    assert.equal(new Set(many(1000, () => data.faker('number.int', wide))).size, 1000);
    assert.equal(new Set(many(1000, () => data.faker('number.float'))).size, 1000);
    const list = many(50, (): object => ({}));
    const drawn = new Set(many(2000, () => data.faker('helpers.arrayElement', list)));
    assert.deepEqual(
      [drawn.size, list.every((item) => drawn.has(item))],
      [50, true],
      'the very objects of the list',
    );
    const rare = many(20_000, () => data.faker('datatype.boolean', { probability: 0.02 })).filter(
      Boolean,
    ).length;
    assert.ok(Math.abs(rare - 400) < 4 * Math.sqrt(392), `${rare}`);
  });

  test('ids are unique, also with a pool of one and under a seed', () => {
    for (const [path, ...args] of [
      ['string.uuid'],
      ['string.uuid', { version: 7 }],
      ['string.ulid'],
      ['string.nanoid'],
      ['database.mongodbObjectId'],
    ] as [string, ...unknown[]][]) {
      const [a, b] = [create(1), create(1)];
      const ids = many(1000, () => a.faker(path, ...args)).concat(many(1000, () => b.faker(path, ...args)));
      assert.equal(new Set(ids).size, 2000, path);
    }
    assert.match(create().faker('string.uuid') as string, UUID);
    assert.match(create().faker('string.uuid', { version: 7 }) as string, /^[0-9a-f-]{14}7/);
  });

  test('objects are shared and therefore frozen, all through, and are no part of the library', () => {
    const data = create(1);
    const airport = data.faker('airline.airport') as { name: string };
    assert.equal(data.faker('airline.airport'), airport);
    assert.throws(() => {
      airport.name = 'mine';
    }, TypeError);
    const list = data.faker('helpers.multiple', () => ({ a: [1] })) as { a: number[] }[];
    list[0]!.a.push(2);
    const [position] = many(3, () => data.faker('location.nearbyGPSCoordinate') as number[]);
    assert.ok(Object.isFrozen(position));
    const raw = english.rawDefinitions.airline!.airport!;
    assert.ok(!raw.some(Object.isFrozen));
  });

  test('each pick of a date is its own', () => {
    const data = create(1);
    const date = data.faker('date.anytime') as Date;
    const time = date.getTime();
    date.setTime(0);
    assert.equal((data.faker('date.anytime') as Date).getTime(), time);
  });

  test('dates near now are near the day of the call, also after weeks; under a seed near a fixed day', () => {
    const week = 7 * 24 * 3600_000;
    let now = Date.now() - week;
    const data = new FakeData(createRandom(null, lane), 1, () => now);
    const first = (data.faker('date.recent') as Date).getTime();
    assert.equal((data.faker('date.recent') as Date).getTime(), first);
    assert.ok(Math.abs(first - Date.now()) < 25 * 3600_000);
    now += 59_000;
    assert.equal((data.faker('date.recent') as Date).getTime(), first);
    now += 2_000;
    const second = (data.faker('date.recent') as Date).getTime();
    assert.notEqual(second, first, 'made anew after a minute');
    assert.equal((data.faker('date.recent') as Date).getTime(), second, 'and kept for the next one');

    const fixed = new FakeData(seeded(), 1, () => now);
    const value = (fixed.faker('date.recent') as Date).getTime();
    now += week;
    assert.equal((fixed.faker('date.recent') as Date).getTime(), value);
    assert.ok(Math.abs(value - Date.parse('2026-01-01')) < 25 * 3600_000);
  });

  test('an unknown path names those that are near', () => {
    assert.throws(() => data.faker('commerce.productname'), /did you mean "commerce\.productName"/);
    assert.throws(
      () => data.faker('name.firstName'),
      /there is no method "name\.firstName"; did you mean "person\.firstName"\?/,
    );
    assert.throws(() => data.faker('firstName'), /did you mean "person\.firstName"\?/);
  });

  test('nothing but methods of data modules can be reached', () => {
    for (const path of [
      '',
      '.',
      'person',
      'person.',
      '.firstName',
      'person.firstName.call',
      'person.firstName.constructor',
      'constructor.constructor',
      'person.constructor',
      '__proto__.constructor',
      'person.__proto__',
      'person.toString',
      'person.hasOwnProperty',
      'person.faker',
      'fakerCore.config',
      'fakerCore.randomizer',
      'rawDefinitions.person',
      'definitions.person',
      'seed',
      'setDefaultRefDate',
      'toString.call',
      undefined,
      null,
      7,
      ['person.firstName'],
      { toString: () => 'person.firstName' },
    ]) {
      assert.throws(() => data.faker(path as string), /^Error: faker: there is no method /, String(path));
    }
  });

  test('arguments that the method refuses are an error that names the call', () => {
    assert.throws(
      () => data.faker('number.int', { min: 5, max: 1 }),
      /^Error: faker\('number\.int'\): Max 1 /,
    );
    assert.throws(() => data.faker('date.between'), /^Error: faker\('date\.between'\): /);
    assert.throws(() => data.faker('helpers.fake', '{{nope.nope}}'), /^Error: faker\('helpers\.fake'\): /);
    assert.throws(() => data.faker('string.ulid', { refDate: 'x' }), /^Error: faker\('string\.ulid'\): /);
  });

  test('no other use of the library in the thread matters, and none is disturbed', () => {
    english.seed(1);
    const expected = english.person.fullName();
    const run = () => {
      const data = create();
      return many(20, () => {
        english.seed(1);
        return data.faker('person.fullName');
      });
    };
    assert.ok(new Set(run()).size > 15);
    assert.deepEqual(run(), run());
    english.seed(1);
    create().faker('person.fullName');
    assert.equal(english.person.fullName(), expected);
  });
});

describe('seed', () => {
  const kinds = Object.keys(KINDS).filter((kind) => !['id', 'uuid', 'unixtime'].includes(kind));
  const run = (random: Random) => {
    const data = create(3, random);
    return many(20, () => [
      ...kinds.map((kind) => data.phony(kind)),
      data.faker('company.name'),
      data.faker('date.past'),
      data.faker('number.int', 1e6),
      data.faker('airline.airport'),
    ]);
  };

  test('repeats all values, past the filling of the pools', () => {
    assert.deepEqual(run(seeded()), run(seeded()));
  });

  test('another seed, another lane, or none: other values', () => {
    const first = JSON.stringify(run(seeded()));
    assert.notEqual(JSON.stringify(run(seeded('other'))), first);
    assert.notEqual(JSON.stringify(run(seeded('fake', { ...lane, lane: 1 }))), first);
    assert.notEqual(
      JSON.stringify(run(createRandom(null, lane))),
      JSON.stringify(run(createRandom(null, lane))),
    );
  });

  test('ids between other calls do not shift them', () => {
    const data = create(3);
    const values = many(20, () => [data.phony('id'), data.phony('uuid'), data.phony('email')][2]);
    const plain = create(3);
    assert.deepEqual(
      values,
      many(20, () => plain.phony('email')),
    );
  });
});

test('a pool of no size is refused', () => {
  for (const size of [0, -1, 2.5, Number.NaN]) assert.throws(() => create(size), /whole number from 1 on/);
});
