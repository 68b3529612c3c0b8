import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceItem } from '../../../src/api/run-spec.ts';
import { reloadMsOf, unchangedText } from '../../../src/cli/run/scouting.ts';
import { runSpec } from '../../coordinator/run-spec.ts';

const spec = (from: SourceItem[], reloadMs: number | null = null) =>
  runSpec({ source: { kind: 'templates', entry: 'a', from, reloadMs } });
const inline = { inline: { a: '{}' } };
const folder = { directory: { path: 't' } };

test('sources are looked at as often as the test says, with --watch every 10 s where it does not', () => {
  assert.deepEqual(
    [spec([folder]), spec([folder], 5000)].map((each) => [reloadMsOf(each, false), reloadMsOf(each, true)]),
    [
      [null, 10_000],
      [5000, 5000],
    ],
  );
});

test('a look for nothing says where templates stand that cannot change by themselves', () => {
  const unchanged = 'looked again: what is sent has not changed';
  assert.equal(unchangedText(spec([inline, folder]), false), unchanged);
  assert.equal(unchangedText(spec([inline]), true), unchanged);
  assert.equal(
    unchangedText(spec([inline]), false),
    'looked again: all templates stand in the manifest, which is read again only with --watch',
  );
});
