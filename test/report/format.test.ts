import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatRate,
  formatShare,
  formatSpan,
  plural,
} from '../../src/report/format.ts';

/** Rows of value and text. */
function check<T>(format: (value: T) => string, rows: [value: T, text: string][]): void {
  for (const [value, text] of rows) assert.equal(format(value), text, `of ${String(value)}`);
}

test('short times have three significant digits and the unit that fits', () => {
  check(formatMs, [
    [0, '0 ms'],
    [0.001, '1.00 µs'],
    [0.412, '412 µs'],
    [0.0456, '45.6 µs'],
    [0.9994, '999 µs'],
    [0.9996, '1.00 ms'],
    [1.234, '1.23 ms'],
    [9.996, '10.0 ms'],
    [99.96, '100 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [45_600, '45.6 s'],
    [119_000, '119 s'],
    [120_000, '2m 00s'],
    [-2, '-2.00 ms'],
    [null, '–'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ]);
});

test('spans are cut to whole seconds and show two units', () => {
  check(formatSpan, [
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m 00s'],
    [3_599_999, '59m 59s'],
    [3_600_000, '1h 00m'],
    [86_399_000, '23h 59m'],
    [86_400_000, '1d 00h'],
    [90_000_000, '1d 01h'],
  ]);
});

test('rates choose the unit a person would', () => {
  check(formatRate, [
    [5000, '5,000/s'],
    [4999.84, '4,999.8/s'],
    [1.5, '1.5/s'],
    [1, '1/s'],
    [0.1, '6/m'],
    [23 / 60, '23/m'],
    [1 / 60, '1/m'],
    [1 / 3600, '1/h'],
    [0, '0/s'],
    [null, '–'],
    [Number.NaN, '–'],
  ]);
});

test('a share is rounded away from both ends', () => {
  check(formatShare, [
    [1, '100%'],
    [0.999999999, '>99.99%'],
    [0.9999, '99.99%'],
    [0.99684, '99.68%'],
    [0.5, '50.00%'],
    [0.0001, '0.01%'],
    [0.000001, '<0.01%'],
    [0, '0%'],
    [null, '–'],
  ]);
});

test('counts and sizes', () => {
  check(formatCount, [
    [0, '0'],
    [999, '999'],
    [1_234_567, '1,234,567'],
  ]);
  check(formatBytes, [
    [0, '0 B'],
    [331.4, '331 B'],
    [999.6, '1.00 kB'],
    [33_123_123, '33.1 MB'],
    [1.5e15, '1.50 PB'],
    [1.5e18, '1,500 PB'],
  ]);
  assert.equal(plural(1, 'hit'), '1 hit');
  assert.equal(plural(1000, 'hit'), '1,000 hits');
});
