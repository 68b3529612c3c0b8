import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, ScoutingOrder } from '../../../src/coordinator/protocol.ts';
import type { Content } from '../../../src/template/content.ts';
import { EVENTS } from '../../source/surroundings.ts';
import { Pod, serveTarget } from './pod.ts';

const SECRET = 'hunter2-hunter2';

function order(digest: string, differences: Partial<ScoutingOrder> = {}): ScoutingOrder {
  return {
    digest,
    source: { kind: 'templates', entry: 'get.json', from: [{ configMap: { name: 'c' } }], reloadMs: 300 },
    variables: [],
    events: EVENTS,
    protocol: 'http',
    configMaps: {},
    key: 'key of the run',
    known: null,
    ...differences,
  };
}

const get = (url: string, key = ''): string =>
  JSON.stringify({ method: 'GET', url, header: { 'X-Key': [key] } });

/** A pod whose worker is to look by this order. */
async function scouting(t: Parameters<typeof Pod.prepare>[0], first: ScoutingOrder): Promise<Pod> {
  const pod = await Pod.prepare(t);
  look(pod, first);
  pod.start();
  return pod;
}

function look(pod: Pod, next: ScoutingOrder): void {
  pod.coordinator.orders.set(next.digest, next);
  pod.coordinator.response = { ...pod.coordinator.response, scouting: next.digest };
}

function told(pod: Pod): string[] {
  return pod.coordinator.findings.map((finding) => {
    const order = 'order' in finding ? `${finding.order} ` : '';
    return `${order}${finding.kind}${'reason' in finding ? `: ${finding.reason}` : ''}`;
  });
}

async function found(pod: Pod, text: string | RegExp): Promise<void> {
  await pod.until(`a finding ${text} in ${JSON.stringify(told(pod))}`, () =>
    told(pod).some((each) => (typeof text === 'string' ? each === text : text.test(each))),
  );
}

function offered(pod: Pod): Content[] {
  return pod.coordinator.findings.flatMap((finding: Finding) =>
    finding.kind === 'offered' ? [finding.content] : [],
  );
}

test('it finds what is sent by one order after another, good and bad', async (t) => {
  const pod = await scouting(t, order('o1'));
  await found(
    pod,
    /^o1 trouble: spec\.templates\.from\[0\]\.configMap: ConfigMap c is not in this namespace: create it/,
  );
  assert.equal(pod.coordinator.last!.state, 'starting');

  look(pod, order('o2', { configMaps: { c: { 'get.json': '<%= it.Missing %>' } } }));
  await found(pod, /^o2 refused: get\.json:1:.*Missing/);

  look(pod, order('o3', { configMaps: { c: { 'get.json': get('http://127.0.0.1:1/') } } }));
  await found(pod, 'o3 offered');
  const [content] = offered(pod) as [Content];
  assert.ok(content.kind === 'templates');
  assert.deepEqual(content.files, { 'get.json': get('http://127.0.0.1:1/') });

  // The scout of another pod would know what is sent: nothing is offered, and all is well.
  const { digest } = content;
  const same = { 'get.json': get('http://127.0.0.1:1/') };
  look(pod, order('o4', { configMaps: { c: same }, known: digest }));
  await found(pod, 'o4 trouble: null');
  assert.equal(offered(pod).length, 1);

  look(pod, order('o5', { known: digest }));
  await found(pod, /^o5 trouble: .*ConfigMap c is not in this namespace/);
  pod.coordinator.response = { scouting: null };
  assert.match(pod.log, /^looks for the templates that are sent, for all workers$/m);
  assert.match(
    pod.log,
    /^found a set that is bad and must not be sent: 1 templates \(set .*\)\nget\.json:1:.*Missing/m,
  );
  assert.match(pod.log, /^found a good set: 1 templates \(set [0-9a-f]{12}\)$/m);
});

test('what was offered by an order that is none any more is offered again', async (t) => {
  const configMaps = { c: { 'get.json': get('http://127.0.0.1:1/') } };
  const pod = await Pod.prepare(t);
  const { coordinator } = pod;
  look(pod, order('o1', { configMaps }));
  pod.start();
  await found(pod, 'o1 offered');
  look(pod, order('o2', { configMaps }));
  await found(pod, 'o2 offered');
  assert.equal(new Set(offered(pod).map(({ digest }) => digest)).size, 1);
  assert.equal(
    coordinator.findings.every(({ run }) => run === 'run-1'),
    true,
  );
});

test('secrets stay where they are mounted, and are filled in where the set is sent', async (t) => {
  const target = await serveTarget(t);
  const configMaps = { c: { 'get.json': get(`${target.origin}/`, '<%= it.Key %>') } };
  const variables = [{ name: 'Key', secret: { name: 's', key: 'k' } }];
  const pod = await scouting(t, order('o1', { configMaps, variables }));
  await found(pod, /^o1 trouble: .*secretKeyRef: Secret s \(key k\) is not in this namespace: create it/);
  pod.mountSecret('s', { other: 'x' });
  await found(pod, /^o1 trouble: .*Secret s has no key k with a text, only "?other"?/);

  pod.mountSecret('s', { k: SECRET });
  await found(pod, 'o1 offered');
  const [content] = offered(pod) as [Content];
  assert.deepEqual(content.variables, {});
  assert.deepEqual(content.secrets, ['Key']);
  const { proof, ...ref } = content.secretRefs['Key']!;
  assert.deepEqual(ref, { name: 's', key: 'k' });
  assert.match(proof, /^[0-9a-f]{32}$/);
  assert.doesNotMatch(JSON.stringify(pod.coordinator.findings), new RegExp(SECRET));

  // The Secret is another by the time that the set is obtained: one pod sees it earlier than the other.
  pod.coordinator.response = { scouting: null };
  pod.mountSecret('s', { k: 'older-value' });
  pod.coordinator.give(content);
  await pod.says('waits: variable Key: Secret s (key k) has another value here than where the set was made');
  await pod.until('it tells', () => /another value/.test(pod.coordinator.last!.problem));
  pod.mountSecret('s', { k: SECRET });
  await pod.says('ready to send');
  assert.equal(pod.coordinator.last!.problem, '');
  pod.coordinator.assign({ startAt: Date.now() + 100 });
  await pod.until('hits', () => target.requests.length > 3);
  assert.equal(target.requests[0], `/ ${SECRET}`);

  // Another coordinator, that has lost the set, gets it back as it was.
  pod.coordinator.response = { wanted: content.digest };
  await found(pod, 'kept');
  const kept = pod.coordinator.findings.find(({ kind }) => kind === 'kept');
  assert.ok(kept?.kind === 'kept');
  assert.deepEqual(kept.content, content);

  const heard = JSON.stringify([pod.coordinator.findings, pod.coordinator.calls]);
  assert.doesNotMatch(pod.log + heard, /hunter2|older-value/);
});

test('a Secret that changes makes another set', async (t) => {
  const variables = [{ name: 'Key', secret: { name: 's', key: 'k' } }];
  const configMaps = { c: { 'get.json': get('http://127.0.0.1:1/', '<%= it.Key %>') } };
  const pod = await Pod.prepare(t);
  pod.mountSecret('s', { k: 'first-value' });
  look(pod, order('o1', { configMaps, variables }));
  pod.start();
  await found(pod, 'o1 offered');
  pod.mountSecret('s', { k: 'second-value' });
  await pod.until('a second set', () => offered(pod).length === 2);
  pod.mountSecret('s', { k: 'first-value' });
  await pod.until('a third set', () => offered(pod).length === 3);
  const [first, second, third] = offered(pod).map(({ digest }) => digest);
  assert.notEqual(first, second);
  assert.equal(first, third, 'the same values under the same key give the same digest');
});

test('canned targets of a ConfigMap travel as text', async (t) => {
  const line = get('http://127.0.0.1:1/');
  const pod = await scouting(
    t,
    order('o1', {
      source: { kind: 'targets', loop: true, from: [{ configMap: { name: 'c' } }], reloadMs: null },
      configMaps: { c: { 'a.jsonl': `${line}\n` } },
    }),
  );
  await found(pod, 'o1 offered');
  const [content] = offered(pod) as [Content];
  assert.deepEqual(content.kind === 'targets' && content.files, [{ name: 'a.jsonl', text: `${line}\n` }]);
  look(
    pod,
    order('o2', {
      source: { kind: 'targets', loop: true, from: [{ directory: { path: 'data' } }], reloadMs: null },
    }),
  );
  await found(
    pod,
    /^o2 trouble: .*directory: "data" is no absolute path: name a folder of the image or of a volume/,
  );
});

test('a login is filled in from its Secret, and waited for until it is there', async (t) => {
  const pod = await scouting(
    t,
    order('o1', {
      protocol: 'nsq',
      configMaps: { c: { 'get.json': '{"addr": "127.0.0.1:1", "topic": "t", "valueBytes": "e30="}' } },
    }),
  );
  await found(pod, 'o1 offered');
  pod.coordinator.response = { scouting: null };
  const messages = {
    timeoutMs: 1000,
    inFlight: 4,
    lingerMs: 0,
    batchMessages: 10,
    batchBytes: 1000,
    tls: null,
  };
  pod.coordinator.give(offered(pod)[0]!);
  pod.coordinator.assign({
    protocol: { kind: 'nsq', ...messages, auth: { secret: { name: 'login', key: 'k' }, value: null } },
  });
  await pod.says(
    'waits: spec.nsq.auth.secretKeyRef: Secret login (key k) is not in this namespace: create it',
  );
  await pod.until('it tells', () => /Secret login/.test(pod.coordinator.last?.problem ?? ''));
  pod.mountSecret('login', { k: SECRET });
  await pod.says('ready to send');
  assert.doesNotMatch(JSON.stringify(pod.coordinator.calls) + pod.log, /hunter2/);
});
