import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createTopics, messageCount as kafkaCount } from '../../services/kafka-tools.ts';
import { messageCount as nsqCount } from '../../services/nsq-tools.ts';
import { type Server, type ServerName, useServer } from '../../services/servers.ts';
import { countsOf } from './load-test.ts';
import { useWorld } from './scene.ts';

const { cluster, scene } = await useWorld();
after(() => cluster.close());

/** A server on this machine that pods reach as well. */
async function serverOf(name: ServerName): Promise<Server> {
  if (cluster.hostAddress === null) {
    throw new Error('TAZ_TEST_HOST_ADDRESS has to name an address of this machine that pods reach');
  }
  const server = await useServer(name, { host: cluster.hostAddress });
  assert.equal(server.missing, false);
  return server;
}

const spec = (address: string, entry: string) => ({
  rate: '200/s',
  duration: '10s',
  variables: [{ name: 'Addr', value: address }],
  templates: {
    entry: 'target.json',
    from: [
      {
        inline: {
          'target.json': entry,
          'event.json': '{"type": "track", "userId": "<%= phony(\'id\') %>"}',
        },
      },
    ],
  },
  workers: { replicas: 2 },
});

const MESSAGE =
  '{"addr": "<%= it.Addr %>", "topic": "cluster", "valueBytes": "<%= includeEvent(\'event.json\', \'track\') %>"}';

describe('messages from worker pods', () => {
  it('a broker of Kafka outside of the node has counted each', async () => {
    const kafka = await serverOf('kafka');
    try {
      const broker = kafka.at['KAFKA']!;
      await createTopics({ broker }, ['cluster']);
      await scene(async ({ test }) => {
        await test.apply({ ...spec(broker, MESSAGE), kafka: {} });
        const ended = await test.untilEnded();
        assert.equal(ended.run?.verdict, 'Completed');
        const { scheduled, sent, succeeded, dropped, unreported } = countsOf(ended);
        assert.deepEqual({ scheduled, dropped, unreported }, { scheduled: 2000, dropped: 0, unreported: 0 });
        assert.equal(succeeded, sent);
        assert.equal(await kafkaCount({ broker, libs: kafka.at['KAFKA_LIBS']! }, 'cluster'), sent);
      });
    } finally {
      await kafka.stop();
    }
  });

  it('an nsqd outside of the node has counted each', async () => {
    const nsq = await serverOf('nsq');
    try {
      await scene(async ({ test }) => {
        await test.apply({ ...spec(nsq.at['NSQD_TCP']!, MESSAGE), nsq: {} });
        const ended = await test.untilEnded();
        assert.equal(ended.run?.verdict, 'Completed');
        const { scheduled, sent, succeeded, dropped, unreported } = countsOf(ended);
        assert.deepEqual({ scheduled, dropped, unreported }, { scheduled: 2000, dropped: 0, unreported: 0 });
        assert.equal(succeeded, sent);
        assert.equal(await nsqCount(nsq.at['NSQD_HTTP']!, 'cluster'), sent);
      });
    } finally {
      await nsq.stop();
    }
  });
});
