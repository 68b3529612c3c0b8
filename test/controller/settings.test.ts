import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NO_LIMITS, parseSettings } from '../../src/controller/settings.ts';
import { parseRate } from '../../src/units/rate.ts';

suite('settings', () => {
  test('are without limits where nothing is said', () => {
    assert.deepEqual(parseSettings(undefined), NO_LIMITS);
    assert.deepEqual(parseSettings({ killSwitch: '', maxRatePerTest: ' ', allowedHosts: '\n' }), NO_LIMITS);
  });

  test('are read from the texts of a ConfigMap', () => {
    const settings = parseSettings({
      killSwitch: 'true',
      maxRatePerTest: '50000/s',
      maxRateTotal: '6/m',
      allowedHosts: '*.ingest.svc\n10.0.0.1:8080\n',
      workerResources: '{"requests":{"cpu":"1"}}',
    });
    assert.deepEqual(settings, {
      killSwitch: true,
      maxRatePerTest: parseRate('50000/s'),
      maxRateTotal: parseRate('6/m'),
      allowedHosts: ['*.ingest.svc', '10.0.0.1:8080'],
      workerResources: { requests: { cpu: '1' } },
    });
  });

  for (const [data, message] of [
    [{ killSwitch: 'on' }, /^killSwitch: "on" is neither true nor false$/],
    [{ maxRatePerTest: '5000' }, /^maxRatePerTest: "5000" is not a rate such as 5000\/s/],
    [{ maxRateTotal: 'all' }, /^maxRateTotal: "all" is not a rate/],
    [{ workerResources: 'cpu: 1' }, /^workerResources: "cpu: 1" is not JSON$/],
    [{ workerResources: '[]' }, /^workerResources: \[\] is not a map such as/],
  ] as const) {
    test(`name what is wrong: ${JSON.stringify(data)}`, () => {
      assert.throws(() => parseSettings(data), { name: 'RangeError', message });
    });
  }
});
