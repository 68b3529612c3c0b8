import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IdSet, ProfilePool, profileShare } from '../../src/template/profiles.ts';
import { createRandom, type Random } from '../../src/template/random.ts';

const lane = { lane: 0, lanes: 1, replacement: 0 };

function idsOf(set: IdSet): string[] {
  return [set.userId, set.anonymousId, set.email].filter((id) => id !== undefined);
}

/** The identifiers that stand together in sets, joined: union-find over all sets drawn. */
function components(sets: IdSet[]): Map<string, string[]> {
  const parents = new Map<string, string>();
  const root = (id: string): string => {
    const parent = parents.get(id) ?? id;
    return parent === id ? id : root(parent);
  };
  for (const set of sets) {
    for (const id of idsOf(set)) parents.set(root(id), root(idsOf(set)[0]!));
  }
  const found = new Map<string, string[]>();
  for (const id of parents.keys()) found.set(root(id), [...(found.get(root(id)) ?? []), id]);
  return found;
}

test('a pool of one profile: its sets come one after another, and connect exactly one user, 1–2 emails, 1–3 anonymous ids', () => {
  const pool = new ProfilePool({ size: 1, random: createRandom('one', lane) });
  const sizes = new Set<string>();
  let profile: IdSet[] = [];
  const seen = new Set<string>();
  const check = () => {
    const count = (pick: (set: IdSet) => string | undefined) =>
      new Set(profile.map(pick).filter((id) => id !== undefined)).size;
    const [users, emails, anonymous] = [
      count((set) => set.userId),
      count((set) => set.email),
      count((set) => set.anonymousId),
    ];
    assert.equal(users, 1, 'all that is connected is one profile, and a profile is all connected');
    assert.ok(emails >= 1 && emails <= 2 && anonymous >= 1 && anonymous <= 3);
    sizes.add(`${emails} ${anonymous}`);
    for (const id of new Set(profile.flatMap(idsOf))) {
      assert.ok(!seen.has(id), 'an identifier never comes back in another profile');
      seen.add(id);
    }
  };
  // Where one profile ends is not told: the sets that are connected are taken for one. Of a profile whose sets do not
  // connect it, some piece would come without a user id.
  const drawn = Array.from({ length: 3000 }, () => pool.select());
  const all = components(drawn);
  const rootOf = new Map([...all].flatMap(([root, ids]) => ids.map((id) => [id, root])));
  let current: string | undefined;
  for (const set of drawn) {
    const root = rootOf.get(idsOf(set)[0]!)!;
    if (current !== undefined && root !== current) {
      check();
      profile = [];
    }
    current = root;
    profile.push(set);
  }
  assert.deepEqual([...sizes].sort(), ['1 1', '1 2', '1 3', '2 1', '2 2', '2 3']);
});

test('each set is new, holds one to three identifiers, and a user id or an anonymous id among them', () => {
  const pool = new ProfilePool({ size: 50, random: createRandom('sets', lane) });
  const sets = Array.from({ length: 20_000 }, () => pool.select());
  const kinds = new Set<string>();
  for (const set of sets) {
    assert.ok(set.HasUserId || set.HasAnonymousId);
    kinds.add(`${set.HasUserId ? 'u' : ''}${set.HasAnonymousId ? 'a' : ''}${set.HasEmail ? 'e' : ''}`);
  }
  assert.deepEqual([...kinds].sort(), ['a', 'ae', 'u', 'ua', 'uae', 'ue']);
  assert.equal(new Set(sets.map((set) => idsOf(set).join())).size, sets.length);
  for (const pick of [
    (set: IdSet) => set.userId,
    (set: IdSet) => set.anonymousId,
    (set: IdSet) => set.email,
  ]) {
    const ids = sets.map(pick).filter((id) => id !== undefined);
    assert.ok(new Set(ids).size < ids.length, 'identifiers of each kind join more than one set');
  }
});

test('the pool holds its size: never more unfinished profiles, and finished ones are replaced', () => {
  const size = 20;
  const pool = new ProfilePool({ size, random: createRandom('size', lane) });
  const drawn = Array.from({ length: 5000 }, () => pool.select());
  const rootOf = new Map<string, string>();
  for (const [root, ids] of components(drawn)) for (const id of ids) rootOf.set(id, root);
  const roots = drawn.map((set) => rootOf.get(idsOf(set)[0]!)!);
  const last = new Map(roots.map((root, i) => [root, i]));
  const open = new Set<string>();
  let most = 0;
  roots.forEach((root, i) => {
    open.add(root);
    most = Math.max(most, open.size);
    if (last.get(root) === i) open.delete(root);
  });
  assert.equal(most, size, 'all places are in use, and no more');
  assert.ok(last.size > 1000, `${last.size} profiles were used one after another`);
});

test('a draw takes any profile and any of its sets', () => {
  const pool = new ProfilePool({ size: 2, random: createRandom('any', lane) });
  const rootOf = new Map<string, string>();
  const drawn = Array.from({ length: 4000 }, () => pool.select());
  for (const [root, ids] of components(drawn)) for (const id of ids) rootOf.set(id, root);
  const roots = drawn.map((set) => rootOf.get(idsOf(set)[0]!)!);
  const stays = roots.filter((root, i) => i > 0 && root === roots[i - 1]).length;
  assert.ok(stays > 800 && stays < 2400, `${stays} of 4000 draws stay with the profile of the one before`);
  const first = new Set<string>();
  roots.forEach((root, i) => {
    if (roots.indexOf(root) === i) first.add(String(drawn[i]!.HasEmail));
  });
  assert.equal(first.size, 2, 'profiles begin with different sets');
});

test('properties in the manner of Go and plain fields say the same', () => {
  const pool = new ProfilePool({ size: 10, random: createRandom('names', lane) });
  for (let i = 0; i < 500; i++) {
    const set = pool.select();
    assert.deepEqual([set.HasUserId, set.GetUserId], [set.userId !== undefined, set.userId]);
    assert.deepEqual(
      [set.HasAnonymousId, set.GetAnonymousId],
      [set.anonymousId !== undefined, set.anonymousId],
    );
    assert.deepEqual([set.HasEmail, set.GetEmail], [set.email !== undefined, set.email]);
    if (set.email !== undefined) assert.match(set.email, /^[a-z0-9]{20}@example\.com$/);
  }
});

test('a seed repeats shapes and draws, never identifiers', () => {
  const sets = (random: Random) => {
    const pool = new ProfilePool({ size: 5, random });
    return Array.from({ length: 300 }, () => pool.select());
  };
  const shape = (set: IdSet) => `${set.HasUserId} ${set.HasAnonymousId} ${set.HasEmail}`;
  const [a, b] = [sets(createRandom('7', lane)), sets(createRandom('7', lane))];
  assert.deepEqual(a.map(shape), b.map(shape));
  const ids = new Set(a.flatMap(idsOf));
  assert.ok(b.flatMap(idsOf).every((id) => !ids.has(id)));
  const other = sets(createRandom('7', { ...lane, lane: 1 }));
  assert.notDeepEqual(a.map(shape), other.map(shape));
});

test('a huge pool costs nothing until it is used', () => {
  const pool = new ProfilePool({ size: 1_000_000_000, random: createRandom('huge', lane) });
  assert.ok(pool.select().HasUserId !== undefined);
});

test('a pool without a profile is refused', () => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new ProfilePool({ size, random: createRandom('x', lane) }), /whole number from 1 on/);
  }
});

test('the shares of all lanes add up to the total', () => {
  for (const [total, lanes] of [
    [1000, 1],
    [1000, 3],
    [1000, 7],
    [8, 8],
    [9, 8],
  ] as const) {
    const shares = Array.from({ length: lanes }, (_, i) => profileShare(total, i, lanes));
    assert.equal(
      shares.reduce((a, b) => a + b),
      total,
    );
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
  }
  assert.deepEqual(
    [0, 1, 2].map((i) => profileShare(2, i, 3)),
    [1, 1, 1],
    'each lane has at least one',
  );
});
