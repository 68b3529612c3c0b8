import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageCount } from '../services/nsq-tools.ts';
import { useServer } from '../services/servers.ts';
import { endComplete, runExample, startRun } from './harness.ts';
import { assertFound, goThrough } from './outage.ts';

/** One of its own, as a test stops it. */
const nsq = await useServer('nsq', { set: ['mem-queue-size=1000'] });
const nsqd = nsq.at['NSQD_TCP']!;
const http = nsq.at['NSQD_HTTP']!;
after(nsq.stop);

const templates = (topic: string) => ({
  'target.json': `{"addr": "<%= it.BaseURL %>", "topic": "${topic}", "valueBytes": "<%= includeEvent('event.json', 'track') %>"}`,
  'event.json': `{"type": "track", "userId": "<%= phony('id') %>", "pad": "${'x'.repeat(150)}"}`,
});

describe('messages to a real nsqd', { skip: nsq.missing }, () => {
  it('the example runs as it is', async () => {
    const { scheduled, succeeded } = await runExample('nsq.yaml', `NsqAddr=${nsqd}`);
    assert.deepEqual([scheduled, succeeded], [400, 400]);
    assert.equal(await messageCount(http, 'events'), 400);
  });

  it('5,000/s for 20 s: nsqd has counted each', async () => {
    const run = await startRun(
      nsqd,
      { rate: '5000/s', duration: '20s', nsq: {}, workers: { replicas: 2 } },
      { templates: templates('exact') },
    );
    const { counts } = (await endComplete(run, 100_000)).tally;
    assert.equal(counts.succeeded, counts.sent);
    assert.equal(await messageCount(http, 'exact'), counts.sent, "nsqd's own count");
  });

  it('an nsqd that is stopped for 10 s: drops, votes, bounded memory, and it goes on', async () => {
    const last = await goThrough({
      url: nsqd,
      pid: Number(nsq.at['NSQD_PID']),
      stoppedMs: 10_000,
      durationMs: 20_000,
      protocol: { nsq: { timeout: '1s', inFlight: 1000 } },
      templates: templates('stopped'),
    });
    assertFound(last, await messageCount(http, 'stopped'));
    const known = ['timeout', 'stalled', 'connect_timeout', 'closed', 'reset'];
    for (const name of Object.keys(last.tally.failures())) assert.ok(known.includes(name), name);
  });

  it('an nsqd that is killed and comes back: failures by class, and it goes on', async () => {
    const run = await startRun(
      nsqd,
      { rate: '500/s', duration: '9s', nsq: { timeout: '2s' } },
      { templates: templates('killed') },
    );
    await run.until((snapshot) => snapshot.elapsedMs > 2000);
    process.kill(Number(nsq.at['NSQD_PID']), 'SIGKILL');
    await sleep(2000);
    await nsq.restart();
    const { succeeded } = run.coordinator.snapshot().tally.counts;
    await run.until((snapshot) => snapshot.tally.counts.succeeded > succeeded + 100, 5000);
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    const failures = last.tally.failures();
    assert.ok((failures['refused'] ?? 0) > 500, JSON.stringify(failures));
    for (const name of Object.keys(failures)) assert.ok(['refused', 'closed', 'reset'].includes(name), name);
  });
});
