import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prepareTest } from '../src/cli/run/prepare.ts';
import { parseHttpTarget } from '../src/target/http-target.ts';
import { TARGET_PARSERS } from '../src/target/parsers.ts';
import { sentAs } from '../src/target/sent-as.ts';
import { openTargets } from '../src/target/target-lines.ts';
import { checkContent } from '../src/template/check.ts';
import type { Content } from '../src/template/content.ts';
import { createTargeter } from '../src/template/create-targeter.ts';

const folder = fileURLToPath(new URL('../examples/', import.meta.url));
const manifests = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const messages = ['kafka.yaml', 'nsq.yaml'];
const LANE = { lane: 0, lanes: 1, replacement: 0 };

async function targetsOf(content: Content, count: number) {
  const lines = content.kind === 'targets' ? await openTargets(content.files) : null;
  const targeter = createTargeter(content, LANE, parseHttpTarget, lines);
  return Array.from({ length: count }, (_, hit) => {
    const { origin, path, headers, body } = targeter.next(hit);
    return {
      origin,
      path,
      headers,
      event: JSON.parse(body!.toString()),
      label: content.labels[targeter.label]!,
    };
  });
}

type Event = Record<string, unknown>;

test('there is an example of each kind of test', () => {
  assert.deepEqual(manifests.sort(), [
    'kafka.yaml',
    'loadtest.yaml',
    'nsq.yaml',
    'personas.yaml',
    'quickstart.yaml',
    'stages.yaml',
    'targets.yaml',
    'trickle.yaml',
    'wave.yaml',
  ]);
});

describe('every example', { concurrency: 2 }, () => {
  for (const name of manifests.filter((each) => !messages.includes(each))) {
    test(`${name} is valid, sends to the port of taz target, and its templates are good`, async () => {
      const { content } = await prepareTest({ file: [folder + name] });
      assert.deepEqual(await checkContent(content, 'http'), []);
      for (const { origin, headers } of await targetsOf(content, 20)) {
        assert.equal(origin, 'http://127.0.0.1:8080');
        assert.ok(headers.includes('Content-Type'));
      }
    });
  }
});

describe('every example of messages', () => {
  for (const name of messages) {
    test(`${name} is valid, and each message holds the track event of the HTTP examples`, async () => {
      const { spec, content } = await prepareTest({ file: [folder + name] });
      const { kind } = spec.protocol;
      assert.deepEqual(await checkContent(content, kind), []);
      const targeter = createTargeter(content, LANE, TARGET_PARSERS[kind], null);
      for (let hit = 0; hit < 50; hit++) {
        const { url, body } = sentAs(targeter.next(hit));
        assert.match(
          url,
          /^(kafka:\/\/127\.0\.0\.1:9092\/tracking-requests|nsq:\/\/127\.0\.0\.1:4150\/events)$/,
        );
        const message = JSON.parse(body!.toString()) as Event;
        const event = (kind === 'kafka' ? message['body'] : message) as Event;
        assert.equal(event['type'], 'track');
        assert.ok(event['messageId']);
      }
    });
  }
});

describe('every example for a cluster', { concurrency: 2 }, () => {
  const files = readdirSync(`${folder}cluster`).filter((name) => name !== 'target.yaml');
  for (const name of files) {
    test(`${name} is valid, sends to the Service of target.yaml, and its templates are good`, async () => {
      const { content } = await prepareTest({ file: [`${folder}cluster/${name}`] });
      assert.deepEqual(await checkContent(content, 'http'), []);
      const targeter = createTargeter(content, LANE, parseHttpTarget, null);
      for (let hit = 0; hit < 20; hit++) {
        assert.match(targeter.next(hit).origin, /^http:\/\/tracking-api(:80)?$/);
      }
    });
  }
});

test('the weighted mix has the shares that it names', async () => {
  const { content } = await prepareTest({ file: [`${folder}loadtest.yaml`], seed: 'shares' });
  const shares: Record<string, number> = {
    'batch-target.json': 0.6,
    'track-target.json': 0.2,
    'page-target.json': 0.1,
    'identify-target.json': 0.03,
    'group-target.json': 0.03,
    'alias-target.json': 0.04,
  };
  assert.deepEqual(content.labels, ['mix.json', ...Object.keys(shares)]);
  const count = 5000;
  const sent = await targetsOf(content, count);
  for (const [label, share] of Object.entries(shares)) {
    const found = sent.filter((each) => each.label === label);
    const deviation = Math.abs(found.length - count * share) / Math.sqrt(count * share * (1 - share));
    assert.ok(deviation < 4, `${label}: ${found.length} of ${count}`);
    for (const { path } of found) assert.equal(`${path.replace('/v1/', '')}-target.json`, label);
  }
});

test('events have the fields of their type, and batches two or three events', async () => {
  const { content } = await prepareTest({ file: [`${folder}loadtest.yaml`] });
  const fields: Record<string, string[]> = {
    track: ['userId', 'event', 'properties'],
    page: ['anonymousId', 'name', 'properties'],
    identify: ['userId', 'traits'],
    group: ['userId', 'groupId', 'traits'],
    alias: ['userId', 'previousId'],
  };
  const seen = new Set<string>();
  for (const { path, event } of await targetsOf(content, 500)) {
    const type = path.replace('/v1/', '');
    const events: Event[] = type === 'batch' ? event.batch : [event];
    if (type === 'batch') assert.ok(events.length === 2 || events.length === 3);
    for (const each of events) {
      if (type !== 'batch') assert.equal(each['type'], type);
      for (const field of [...fields[each['type'] as string]!, 'messageId', 'context', 'timestamp']) {
        assert.ok(each[field], `${String(each['type'])} has ${field}`);
      }
      assert.match((each['context'] as Event)['ip'] as string, /^\d+\.\d+\.\d+\.\d+$/);
      seen.add(each['type'] as string);
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(fields).sort());
});

test('personas events carry identifiers that belong together', async () => {
  const { content } = await prepareTest({ file: [`${folder}personas.yaml`] });
  const sent = (await targetsOf(content, 2000)).map(
    ({ event }) => event as Event & { context: { traits?: Event } },
  );
  assert.ok(sent.every((event) => event['userId'] !== undefined || event['anonymousId'] !== undefined));
  const owner = new Map<unknown, unknown>();
  for (const event of sent) {
    const email = event.context.traits?.['email'];
    if (email === undefined || event['userId'] === undefined) continue;
    assert.equal(owner.get(email) ?? event['userId'], event['userId'], 'an address has one owner');
    owner.set(email, event['userId']);
  }
  assert.ok(owner.size > 50);
});
