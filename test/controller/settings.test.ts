import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NO_LIMITS, readSettings } from '../../src/controller/settings.ts';
import { parseRate } from '../../src/units/rate.ts';

suite('settings', () => {
  test('are without limits where nothing is said', () => {
    assert.deepEqual(readSettings(undefined, null), NO_LIMITS);
    const blank = { killSwitch: '', maxRatePerTest: ' ', allowedHosts: '\n' };
    assert.deepEqual(readSettings(blank, null), NO_LIMITS);
  });

  test('are read from the texts of a ConfigMap', () => {
    const data = {
      killSwitch: 'true',
      maxRatePerTest: '50000/s',
      maxRateTotal: '6/m',
      allowedHosts: '*.ingest.svc\n10.0.0.1:8080\n',
      workerResources: '{"requests":{"cpu":"1"}}',
    };
    assert.deepEqual(readSettings(data, null), {
      killSwitch: true,
      maxRatePerTest: parseRate('50000/s'),
      maxRateTotal: parseRate('6/m'),
      allowedHosts: ['*.ingest.svc', '10.0.0.1:8080'],
      workerResources: { requests: { cpu: '1' } },
      wrong: '',
    });
  });

  for (const [data, message] of [
    [{ killSwitch: 'on' }, /^killSwitch: "on" is neither true nor false$/],
    [{ maxRatePerTest: '5000' }, /^maxRatePerTest: "5000" is not a rate such as 5000\/s/],
    [{ maxRateTotal: 'all' }, /^maxRateTotal: "all" is not a rate/],
    [{ allowedHosts: 'api.svc, http://b' }, /^allowedHosts: "http:\/\/b" is not a host, such as/],
    [{ workerResources: 'cpu: 1' }, /^workerResources: "cpu: 1" is not JSON$/],
    [{ workerResources: '[]' }, /^workerResources: \[\] is not a map such as/],
  ] as const) {
    test(`name what is wrong: ${JSON.stringify(data)}`, () => {
      assert.match(readSettings(data, null).wrong, message);
    });
  }

  test('that are wrong leave what was right before, and do not hide what is right beside them', () => {
    const before = readSettings({ maxRatePerTest: '10/s' }, null);
    const now = readSettings({ maxRatePerTest: 'ten', maxRateTotal: '20/s', killSwitch: 'true' }, before);
    assert.deepEqual(now.maxRatePerTest, parseRate('10/s'));
    assert.deepEqual(now.maxRateTotal, parseRate('20/s'));
    assert.equal(now.killSwitch, true);
  });

  test('of which a limit was never known let nothing be sent', () => {
    assert.equal(readSettings({ maxRatePerTest: 'ten' }, null).killSwitch, true);
    assert.equal(readSettings({ maxRatePerTest: 'ten' }, NO_LIMITS).killSwitch, false);
  });
});
