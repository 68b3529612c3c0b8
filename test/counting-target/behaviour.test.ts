import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBehaviour, HEALTHY, parseBehaviour } from '../../src/counting-target/behaviour.ts';

test('every field is read in the unit users write', () => {
  const { behaviour } = parseBehaviour(
    {
      latency: '20ms',
      jitter: '1.5s',
      fail: '5%',
      status: '500',
      'ok-status': 201,
      hang: '0.5%',
      'slow-body': '2s',
      truncate: '1%',
      close: '2%',
    },
    HEALTHY,
  );
  assert.deepEqual(behaviour, {
    latencyMs: 20,
    jitterMs: 1500,
    failShare: 0.05,
    failStatus: 500,
    okStatus: 201,
    hangShare: 0.005,
    slowBodyMs: 2000,
    truncateShare: 0.01,
    closeShare: 0.02,
  });
});

test('what is not named stays as it was', () => {
  const slow = { ...HEALTHY, latencyMs: 200 };
  assert.deepEqual(parseBehaviour({ fail: '5%' }, slow).behaviour, { ...slow, failShare: 0.05 });
  assert.deepEqual(parseBehaviour({}, slow).behaviour, slow);
});

test('what is printed reads back as the same', () => {
  const behaviour = { ...HEALTHY, latencyMs: 90_500, failShare: 0.125, closeShare: 0.001, okStatus: 204 };
  assert.deepEqual(parseBehaviour(formatBehaviour(behaviour), HEALTHY).behaviour, behaviour);
});

test('all problems are told at once, each with field, value and what would be right', () => {
  const { behaviour, problems } = parseBehaviour(
    { latency: '20', fail: '5', status: '700', 'ok-status': '100', hang: null, slow: '1s', jitter: '2h' },
    HEALTHY,
    (name) => `--${name}`,
  );
  assert.equal(behaviour, null);
  assert.deepEqual(problems, [
    '--latency: "20" is not a duration such as 100ms, 10m, 1h30m',
    '--fail: "5" is not a percentage from 0% to 100% such as 90%, 0.5%',
    '--status: "700" is not a status from 200 to 599',
    '--ok-status: "100" is not a status from 200 to 599',
    '--hang: "null" is neither a text nor a number',
    '"slow" is not one of latency, jitter, fail, status, ok-status, hang, slow-body, truncate, close',
    '--jitter: "2h" is more than 1h',
  ]);
});

test('shares may make 100% together and not more', () => {
  const all = { fail: '33.3%', hang: '33.3%', truncate: '33.3%', close: '0.1%' };
  assert.notEqual(parseBehaviour(all, HEALTHY).behaviour, null);
  assert.deepEqual(parseBehaviour({ ...all, close: '0.2%' }, HEALTHY).problems, [
    'fail, hang, truncate, close are together 100.1%; they may be 100% at most',
  ]);
  assert.equal(parseBehaviour({ fail: '60%' }, { ...HEALTHY, hangShare: 0.5 }).behaviour, null);
});
