import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RecentRate } from '../../../src/controller/status/recent-rate.ts';

suite('the rate of late', () => {
  test('is not known before time has passed', () => {
    assert.equal(new RecentRate().observe(0, 0, 100), null);
  });

  test('is that of the last ten seconds, whatever came before', () => {
    const rate = new RecentRate();
    let sent = 0;
    for (let second = 0; second <= 60; second++) {
      const last = rate.observe(second * 1000, sent, 100);
      if (second === 30) assert.equal(last, 50);
      if (second === 60) assert.equal(last, 100);
      sent += second < 30 ? 50 : 100;
    }
  });

  test('is taken over more time where few are sent', () => {
    const rate = new RecentRate();
    let last: number | null = null;
    for (let minute = 0; minute <= 120; minute++) last = rate.observe(minute * 60_000, minute, 1 / 60);
    assert.ok(Math.abs(last! - 1 / 60) < 1e-9);
  });

  test('stands still while the schedule does', () => {
    const rate = new RecentRate();
    rate.observe(0, 0, 10);
    assert.equal(rate.observe(5000, 50, 10), 10);
    assert.equal(rate.observe(5000, 50, 0), 10);
  });
});
