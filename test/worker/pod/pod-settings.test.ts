import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPodSettings, SettingsError } from '../../../src/worker/pod/pod-settings.ts';

const LEAST = { TAZ_COORDINATOR: 'https://taz-coordinator.taz.svc:8443', TAZ_RUN: 'r', TAZ_INDEX: '2' };

test('what is left out has a default', () => {
  assert.deepEqual(readPodSettings(LEAST), {
    coordinator: 'https://taz-coordinator.taz.svc:8443',
    run: 'r',
    index: 2,
    replacement: 0,
    metricsPort: 9090,
    limits: { maxRate: null, allowedHosts: [] },
    files: '/var/run/taz',
    terminationLog: '/dev/termination-log',
    pod: '',
  });
});

test('limits are read', () => {
  const { limits } = readPodSettings({
    ...LEAST,
    TAZ_MAX_RATE: '90/m',
    TAZ_ALLOWED_HOSTS: 'a.svc, *.b.svc:80',
  });
  assert.equal(limits.maxRate?.toNumber(), 1.5);
  assert.deepEqual(limits.allowedHosts, ['a.svc', '*.b.svc:80']);
});

test('everything that is wrong is named at once', () => {
  const env = {
    TAZ_COORDINATOR: 'http://taz:8443',
    TAZ_INDEX: '-1',
    TAZ_METRICS_PORT: '70000',
    TAZ_MAX_RATE: 'fast',
    TAZ_ALLOWED_HOSTS: 'a.svc,*',
  };
  assert.throws(
    () => readPodSettings(env),
    (error) => {
      assert.ok(error instanceof SettingsError);
      assert.deepEqual(
        error.problems.map((problem) => problem.split(' ').slice(0, 4).join(' ')),
        [
          'TAZ_COORDINATOR: "http://taz:8443" is no',
          'TAZ_RUN is not set',
          'TAZ_INDEX: "-1" is no',
          'TAZ_METRICS_PORT: "70000" is no',
          'TAZ_MAX_RATE: "fast" is not',
          'TAZ_ALLOWED_HOSTS: "*" is not',
        ],
      );
      return true;
    },
  );
});
