import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { SyncRequest } from '../../../src/coordinator/protocol.ts';
import { makeTemplateContent } from '../../../src/template/make-content.ts';
import { EVENTS } from '../../source/surroundings.ts';
import { Authority } from './authority.ts';
import { Pod, serveTarget } from './pod.ts';

/** A GET of this URL, again and again. */
function targets(url: string) {
  const files = { 'get.json': JSON.stringify({ method: 'GET', url }) };
  return makeTemplateContent({ entry: 'get.json', files, events: EVENTS, variables: {}, secrets: [] });
}

const isRunning = ({ state }: SyncRequest): boolean => state === 'running';

/** A pod whose worker sends. */
async function sending(t: Parameters<typeof Pod.prepare>[0], env: Record<string, string> = {}) {
  const pod = await Pod.prepare(t);
  const target = await serveTarget(t);
  pod.start(env);
  await pod.until('a first call', () => pod.coordinator.calls.length > 0);
  pod.coordinator.give(targets(`${target.origin}/`));
  await pod.says('ready to send in 1 lane');
  pod.coordinator.assign({ startAt: Date.now() + 100 });
  await pod.until('hits', () => target.requests.length > 5);
  return { pod, target };
}

test('it does what it is told, says so in its log, and hands in its counts when it is asked to leave', async (t) => {
  const { pod, target } = await sending(t);
  for (const [path, status] of [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 200],
  ] as const) {
    assert.equal((await fetch(`http://127.0.0.1:${pod.metricsPort}${path}`)).status, status);
  }
  pod.process!.kill('SIGTERM');
  await pod.until('it says that it leaves', () => pod.coordinator.last?.state === 'leaving');
  const before = target.requests.length;
  await pod.until('it goes on', () => target.requests.length > before + 5);
  pod.coordinator.response = { dismissed: true };
  assert.equal(await pod.ended(), 0);
  assert.equal(pod.coordinator.last!.state, 'ended');
  const log = [
    /^worker-0 \(pod tracking-0\) of run run-1 starts with \d+ cores?; its coordinator is https:\/\/localhost:\d+$/,
    /^ready to send in 1 lane$/,
    /^the run starts at 20\d\d-.*Z$/,
    /^SIGTERM: leaves as soon as another has taken over$/,
    /^sends no more: the run has no use for it any more$/,
    /^has ended: the run has no use for it any more; its last counts are saved$/,
  ];
  assert.equal(pod.lines.length, log.length, pod.log);
  for (const [index, line] of log.entries()) assert.match(pod.lines[index]!, line);
  assert.equal(pod.terminationLog, '');
});

test('a second SIGTERM ends it at once', async (t) => {
  const { pod } = await sending(t);
  pod.process!.kill('SIGTERM');
  await pod.says('SIGTERM: leaves');
  pod.coordinator.response = { saved: false };
  pod.process!.kill('SIGTERM');
  const began = Date.now();
  assert.equal(await pod.ended(), 1);
  assert.ok(Date.now() - began < 5000);
  assert.equal(pod.terminationLog, 'was ended by a second SIGTERM');
});

test('the token and the authority are read again, and stand in no log and no list of processes', async (t) => {
  const { pod } = await sending(t);
  assert.deepEqual(new Set(pod.coordinator.tokens), new Set(['first-token']));
  const args = fs.readFileSync(`/proc/${pod.process!.pid}/cmdline`, 'utf8');
  const env = fs.readFileSync(`/proc/${pod.process!.pid}/environ`, 'utf8');
  assert.doesNotMatch(args + env, /first-token/);

  pod.coordinator.token = 'second-token';
  pod.write('coordinator/token', 'second-token\n');
  const calls = pod.coordinator.calls.length;
  await pod.until('calls with the new token', () => pod.coordinator.calls.length > calls + 2);

  // Another authority, which the old one says nothing of.
  const authority = new Authority('second');
  const assignment = pod.coordinator.assignment;
  await pod.coordinator.close();
  pod.coordinator = pod.newCoordinator(authority);
  pod.coordinator.assignment = assignment;
  await pod.coordinator.listen(pod.port);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(pod.coordinator.calls.length, 0, 'it does not talk to one whom its authority does not know');
  pod.write('coordinator/ca.crt', authority.pem);
  await pod.until('calls again', () => pod.coordinator.calls.length > 2);
  assert.doesNotMatch(pod.log, /-token/);
});

test('a coordinator of another name is not talked to', async (t) => {
  const pod = await Pod.prepare(t);
  await pod.coordinator.close();
  pod.coordinator = pod.newCoordinator(pod.authority, 'another.example');
  await pod.coordinator.listen(pod.port);
  pod.start();
  await pod.says(/no answer from the coordinator for 5.*localhost/);
  assert.equal(pod.coordinator.calls.length, 0);
});

test('another leader behind the same name is followed, though its plan has a lower number', async (t) => {
  const { pod, target } = await sending(t);
  const first = pod.coordinator;
  first.assign({ rate: '100/s' });
  first.assign({ rate: '100/s' });
  await pod.until('it follows', () => first.last?.acknowledged?.n === first.assignment!.version.n);
  // The one that was the leader still listens, but answers so on connections that are open.
  first.status = 503;
  await first.close();
  const second = pod.newCoordinator();
  pod.coordinator = second;
  second.assignment = { ...first.assignment!, version: { epoch: 2, n: 1 } };
  await second.listen(pod.port);
  await pod.until('it follows the second', () => second.last?.acknowledged?.epoch === 2);
  assert.ok(isRunning(second.last!));
  const sent = target.requests.length;
  await pod.until('it goes on', () => target.requests.length > sent + 10);
  // An older leader that comes back is not obeyed.
  second.assignment = { ...first.assignment!, stop: true };
  const calls = second.calls.length;
  await pod.until('calls', () => second.calls.length > calls + 5);
  assert.ok(isRunning(second.last!));
  second.assignment = { ...first.assignment!, version: { epoch: 2, n: 2 }, stop: true };
  assert.equal(await pod.ended(), 0);
  assert.match(pod.log, /sends no more: the coordinator has ended the run/);
});

test('a last word waits for a coordinator that is away', async (t) => {
  const { pod } = await sending(t);
  await pod.coordinator.close();
  pod.process!.kill('SIGTERM');
  await pod.says('sends no more: was asked to leave, and the coordinator gave no answer');
  pod.coordinator = pod.newCoordinator();
  await pod.coordinator.listen(pod.port);
  assert.equal(await pod.ended(), 0);
  assert.equal(pod.coordinator.last!.state, 'ended');
  assert.match(pod.log, /no answer from the coordinator for \d.*ECONNREFUSED.*\n/);
});

test('a rate that the cluster does not allow is not sent', async (t) => {
  const pod = await Pod.prepare(t);
  const target = await serveTarget(t);
  pod.start({ TAZ_MAX_RATE: '50/s' });
  await pod.until('a first call', () => pod.coordinator.calls.length > 0);
  pod.coordinator.assign({ rate: '51/s' });
  assert.equal(await pod.ended(), 1);
  const reason = 'the test would reach 51/s, and this cluster allows 50/s at most';
  assert.equal(pod.coordinator.last!.problem, reason);
  assert.equal(pod.coordinator.last!.state, 'failed');
  assert.equal(pod.terminationLog, reason);
  assert.equal(target.requests.length, 0);
});

test('a host that the cluster does not allow gets nothing', async (t) => {
  const pod = await Pod.prepare(t);
  const target = await serveTarget(t);
  pod.start({ TAZ_ALLOWED_HOSTS: '*.ingest.svc,10.1.2.3' });
  await pod.until('a first call', () => pod.coordinator.calls.length > 0);
  pod.coordinator.give(targets(`${target.origin}/`));
  await pod.says('ready to send');
  pod.coordinator.assign({ startAt: Date.now() + 100 });
  const { host } = new URL(target.origin);
  await pod.says(`host "${host}" is not among the hosts that this cluster allows: *.ingest.svc, 10.1.2.3`);
  assert.equal(target.requests.length, 0);
});
