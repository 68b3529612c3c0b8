import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import { exceeds, highestRate } from '../../src/controller/safety.ts';
import { NO_LIMITS } from '../../src/controller/settings.ts';
import { parseRate } from '../../src/units/rate.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

const specWith = (spec: Record<string, unknown>) => toRunSpec(parseLoadTest(manifestWith(spec)));
const STAGES = { stages: [{ to: '900/s', over: '1m' }, { hold: '5m' }, { to: '100/s', over: '1m' }] };

suite('the highest rate of a test', () => {
  test('is its rate', () => assert.deepEqual(highestRate(specWith({ rate: '6/m' })), parseRate('6/m')));
  test('is that of its highest stage', () => {
    assert.deepEqual(highestRate(specWith(STAGES)), parseRate('900/s'));
  });
  test('is the crest of its wave', () => {
    const wave = { mean: '100/s', amplitude: '50/s', period: '1h' };
    assert.deepEqual(highestRate(specWith({ wave })), parseRate('150/s'));
  });
});

suite('the limits of a cluster', () => {
  const perTest = { ...NO_LIMITS, maxRatePerTest: parseRate('900/s') };
  const total = { ...NO_LIMITS, maxRateTotal: parseRate('1000/s') };

  test('are none by default', () => {
    assert.equal(exceeds(specWith({ rate: '1000000/s' }), NO_LIMITS, [parseRate('1000000/s')]), null);
  });
  test('let a test have just as much as they say', () => {
    assert.equal(exceeds(specWith(STAGES), perTest, []), null);
    assert.equal(exceeds(specWith(STAGES), total, [parseRate('100/s')]), null);
  });
  test('for one test are said with its highest rate', () => {
    assert.equal(
      exceeds(specWith({ rate: '901/s' }), perTest, []),
      'asks for up to 901/s; this cluster allows 900/s for one test',
    );
  });
  test('for all tests are said with what the others have', () => {
    assert.equal(
      exceeds(specWith(STAGES), total, [parseRate('100/s'), parseRate('6/m')]),
      'asks for up to 900/s while other tests have 100.1/s; this cluster allows 1000/s for all together',
    );
  });
});
