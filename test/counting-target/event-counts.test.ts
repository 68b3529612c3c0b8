import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventCounts } from '../../src/counting-target/event-counts.ts';

function counted(...requests: (string | object | [body: string | object, writeKey: string])[]) {
  const counts = new EventCounts();
  for (const request of requests) {
    const [body, writeKey] = Array.isArray(request) ? request : [request, 'k1'];
    counts.add(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), writeKey);
  }
  return counts.snapshot();
}

const track = { type: 'track', messageId: 'm1', event: 'Bought' };

test('events are counted by type, elements of a batch each by theirs', () => {
  const stats = counted(
    track,
    { ...track, messageId: 'm2' },
    {
      type: 'batch',
      batch: [
        { type: 'page', messageId: 'm3' },
        { type: 'track', messageId: 'm4' },
      ],
    },
    { messageId: 'm5' },
  );
  assert.deepEqual(stats.types, { track: 3, page: 1, '(none)': 1 });
  assert.equal(stats.payloads, 4);
  assert.equal(stats.events, 5);
  assert.deepEqual(stats.ids, { unique: 5, repeated: 0, missing: 0, exact: true });
});

test('a repeated id is identical where body bytes and write key are those of the first time', () => {
  const first = JSON.stringify(track);
  const rows: [name: string, body: string, writeKey: string, identical: number][] = [
    ['the same', first, 'k1', 1],
    ['another write key', first, 'k2', 0],
    ['another write key, none', first, '', 0],
    ['another value', first.replace('Bought', 'Sold'), 'k1', 0],
    ['more white space', `${first} `, 'k1', 0],
  ];
  for (const [name, body, writeKey, identical] of rows) {
    const stats = counted(track, [body, writeKey]);
    assert.equal(stats.ids.repeated, 1, name);
    assert.deepEqual(stats.duplicates, { identical, different: 1 - identical }, name);
    assert.equal(stats.reused, 0, name);
  }
});

test('a third arrival is compared with the first, not with the second', () => {
  const other = { ...track, event: 'Sold' };
  assert.deepEqual(counted(track, other, track).duplicates, { identical: 1, different: 1 });
  assert.deepEqual(counted(track, other, other).duplicates, { identical: 0, different: 2 });
});

test('a payload with a new id that equals an earlier one in all else is reused', () => {
  assert.equal(counted(track, { ...track, messageId: 'm2' }, { ...track, messageId: 'm3' }).reused, 2);
  assert.equal(counted(track, [{ ...track, messageId: 'm2' }, 'k2']).reused, 1);
  assert.equal(counted(track, { ...track, messageId: 'm2', event: 'Sold' }).reused, 0);
  assert.equal(counted(track, { ...track, messageId: 'm2', properties: { messageId: 'm1' } }).reused, 0);
});

test('a batch is reused where all its ids are new, and a duplicate where none is', () => {
  const batch = (...ids: string[]) => ({ batch: ids.map((messageId) => ({ ...track, messageId })) });
  assert.equal(counted(batch('a', 'b'), batch('c', 'd')).reused, 1);
  const again = counted(batch('a', 'b'), batch('a', 'b'));
  assert.deepEqual([again.reused, again.duplicates], [0, { identical: 2, different: 0 }]);
  const partly = counted(batch('a', 'b'), batch('a', 'c'));
  assert.deepEqual([partly.reused, partly.duplicates], [0, { identical: 0, different: 1 }]);
});

test('a body that is no JSON object counts no event', () => {
  const stats = counted(
    '',
    ' ',
    'text',
    '[{"type":"track"}]',
    '{"type":"track"',
    'null',
    '1',
    '"{}"',
    '\u0000{}',
  );
  assert.equal(stats.payloads, 0);
  assert.equal(stats.events, 0);
  assert.equal(counted(' \n{"type":"track"}').types['track'], 1);
});

test('hostile events are counted without harm', () => {
  const deep = `{"type":"track","messageId":"m9","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const stats = counted(
    '{"batch":[null,1,"text",[],{}]}',
    '{"batch":[]}',
    '{"batch":{"type":"track"}}',
    '{"type":5,"messageId":7}',
    '{"type":"__proto__","messageId":"__proto__","__proto__":{"messageId":"x"}}',
    '{"toJSON":"x","type":"","messageId":""}',
    deep,
  );
  assert.equal(stats.payloads, 7);
  assert.equal(stats.events, 10);
  assert.equal(stats.types['track'], 1);
  assert.deepEqual(Object.entries(stats.types), [
    ['(none)', 7],
    ['__proto__', 1],
    ['', 1],
    ['track', 1],
  ]);
  assert.deepEqual(stats.ids, { unique: 3, repeated: 0, missing: 7, exact: true });
});

test('ids are exact up to the bound, and said not to be beyond it', () => {
  const counts = new EventCounts(3);
  const add = (messageId: string) =>
    counts.add(Buffer.from(JSON.stringify({ messageId, other: messageId })), '');
  for (const id of ['a', 'b', 'c', 'a']) add(id);
  assert.deepEqual(counts.snapshot().ids, { unique: 3, repeated: 1, missing: 0, exact: true });
  for (const id of ['d', 'd', 'a']) add(id);
  assert.deepEqual(counts.snapshot().ids, { unique: 5, repeated: 2, missing: 0, exact: false });
});

test('at most 1000 types are kept apart', () => {
  const counts = new EventCounts();
  for (let i = 0; i < 1005; i++) counts.add(Buffer.from(JSON.stringify({ type: `type ${i}` })), '');
  const { types } = counts.snapshot();
  assert.equal(Object.keys(types).length, 1001);
  assert.equal(types['(others)'], 5);
});
