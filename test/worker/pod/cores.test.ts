import assert from 'node:assert/strict';
import { availableParallelism, cpus } from 'node:os';
import { test } from 'node:test';
import { coresOf, limitIn } from '../../../src/worker/pod/cores.ts';
import { folderWith } from '../../cli/manifest/files.ts';

test('the limit of a container in cores, by either kind of control groups', (t) => {
  const rows: [files: Record<string, string>, limit: number | null][] = [
    [{ 'cpu.max': '150000 100000\n' }, 1.5],
    [{ 'cpu.max': 'max 100000\n' }, null],
    [{ 'cpu/cpu.cfs_quota_us': '400000\n', 'cpu/cpu.cfs_period_us': '100000\n' }, 4],
    [{ 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' }, null],
    [{ other: '' }, null],
  ];
  for (const [files, limit] of rows)
    assert.equal(limitIn(folderWith(t, files)), limit, JSON.stringify(files));
});

test('cores are whole, at least one, and no more than there are', (t) => {
  const cores = (max: string) => coresOf(folderWith(t, { 'cpu.max': max }));
  assert.equal(cores('50000 100000'), 1);
  assert.equal(cores('199000 100000'), 1);
  assert.equal(cores('100000000 100000'), cpus().length);
  assert.equal(cores('max 100000'), availableParallelism());
});
