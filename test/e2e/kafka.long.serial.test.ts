import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseResultLine } from '../../src/report/result-line.ts';
import { consume, createTopics, type KafkaServer, messageCount } from '../services/kafka-tools.ts';
import { useServer } from '../services/servers.ts';
import { endComplete, freePort, metric, runExample, startRun } from './harness.ts';
import { assertFound, goThrough } from './outage.ts';

/** One of its own, as a test kills it. */
const kafka = await useServer('kafka', { set: ['log.flush.scheduler.interval.ms=1000'] });
const server: KafkaServer = { broker: kafka.at['KAFKA']!, libs: kafka.at['KAFKA_LIBS']! };
after(kafka.stop);

const templates = (topic: string) => ({
  'target.json': `<% const key = uuid() -%>
{
  "addr": "<%= it.BaseURL %>", "topic": "${topic}",
  "keyBytes": "<%= b64enc(key) %>", "headers": { "key": "<%= key %>" },
  "valueBytes": "<%= includeEvent('event.json', 'track') %>"
}`,
  // Each new event is like no other: so what was sent again is seen by the field that stays.
  'event.json': `{"type": "track", "once": "<%= uuid() %>", "event": "Item Purchased", "pad": "${'x'.repeat(150)}"}`,
});

interface Event {
  messageId: string;
  once: string;
}

describe('messages to a real Kafka', { skip: kafka.missing }, () => {
  before(() => createTopics(server, ['exact', 'killed', 'hung']));

  it('the example runs as it is', async () => {
    const { scheduled, succeeded } = await runExample('kafka.yaml', `KafkaAddr=${server.broker}`);
    assert.deepEqual([scheduled, succeeded], [400, 400]);
    assert.equal(await messageCount(server, 'tracking-requests'), 400);
  });

  it('5,000/s for 20 s: each is there, as it was rendered, with the shares of reuse and duplicates', async () => {
    const metricsPort = await freePort();
    const run = await startRun(
      server.broker,
      { rate: '5000/s', duration: '20s', kafka: {}, events: { reuse: '60%', duplicates: '5%' } },
      { templates: templates('exact'), metricsPort },
    );
    await run.until((snapshot) => snapshot.elapsedMs > 10_000);
    assert.ok(
      (await metric(metricsPort, 'taz_topic_messages_total', 'topic="exact",outcome="succeeded"')) > 1000,
    );
    const { counts } = (await endComplete(run, 100_000)).tally;
    assert.equal(counts.succeeded, counts.sent);
    assert.equal(await messageCount(server, 'exact'), counts.sent, "the broker's own count");

    const found = await consume(server, 'exact', counts.sent);
    assert.equal(found.length, counts.sent);
    const ids = new Set<string>();
    const contents = new Set<string>();
    let duplicates = 0;
    let reused = 0;
    for (const { key, headers, value } of found) {
      assert.equal(headers, `key:${key}`);
      const { messageId, once } = JSON.parse(value) as Event;
      if (ids.has(messageId)) duplicates++;
      else if (contents.has(once)) reused++;
      ids.add(messageId);
      contents.add(once);
    }
    assertShare(duplicates, found.length, 0.05, 'duplicates');
    assertShare(reused, found.length, 0.6, 'reuse');
  });

  it('a broker that is killed and comes back: classes, recovery, no success that is not there, none twice', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'taz-e2e-')), 'results.ndjson');
    const run = await startRun(
      server.broker,
      { rate: '500/s', duration: '3m', kafka: { timeout: '3s', acks: 'All' } },
      { templates: templates('killed'), records: { path, bodies: true, headers: false } },
    );
    await run.until((snapshot) => snapshot.elapsedMs > 5000);
    process.kill(Number(kafka.at['KAFKA_PID']), 'SIGKILL');
    await sleep(3000);
    assert.ok(run.coordinator.snapshot().tally.counts.failed > 0);
    await kafka.restart();
    const back = run.coordinator.snapshot();
    const { succeeded: before } = back.tally.counts;
    const recovered = await run.until(({ tally }) => tally.counts.succeeded > before + 100, 5000);
    await sleep(3000);
    run.coordinator.stop('StoppedByUser', 'it has recovered');
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    const { counts } = last.tally;
    const failures = last.tally.failures();
    assert.ok((failures['refused'] ?? 0) > 0, JSON.stringify(failures));
    const known = ['refused', 'closed', 'reset', 'timeout', 'connect_timeout', 'not_leader', 'unknown_topic'];
    for (const name of Object.keys(failures)) assert.ok(known.includes(name), JSON.stringify(failures));
    // From 1 s after it was back, all is as before.
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, counts.sent);
    const sent = lines.map((line) => ({
      ...parseResultLine(line),
      body: (JSON.parse(line) as { body: string }).body,
    }));
    const from = last.startedAt! + recovered.elapsedMs + 1000;
    assert.deepEqual(
      sent.filter((each) => each.sentAtWall > from && each.outcome > 0).map((each) => each.error),
      [],
    );
    const found = await consume(server, 'killed', await messageCount(server, 'killed'));
    const ids = new Set(found.map(({ value }) => (JSON.parse(value) as Event).messageId));
    assert.equal(ids.size, found.length, 'none is there twice');
    const succeeded = sent.filter(({ outcome }) => outcome === 0);
    assert.equal(succeeded.length, counts.succeeded);
    for (const { body } of succeeded) {
      const { messageId } = JSON.parse(Buffer.from(body, 'base64').toString()) as Event;
      assert.ok(ids.has(messageId), `${messageId} was acknowledged and is not there`);
    }
    assert.ok(counts.succeeded <= ids.size && ids.size <= counts.sent);
  });

  it('a broker that hangs: drops as busy, bounded memory, and it goes on', async () => {
    const last = await goThrough({
      url: server.broker,
      pid: Number(kafka.at['KAFKA_PID']),
      stoppedMs: 8000,
      durationMs: 16_000,
      protocol: { kafka: { timeout: '1s', inFlight: 1000 } },
      templates: templates('hung'),
    });
    assertFound(last, await messageCount(server, 'hung'));
  });
});

/** Within four standard deviations. */
function assertShare(count: number, of: number, share: number, what: string): void {
  const deviation = Math.abs(count - of * share) / Math.sqrt(of * share * (1 - share));
  assert.ok(deviation < 4, `${what}: ${count} of ${of}`);
}
