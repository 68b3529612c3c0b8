import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllowedHosts } from '../../../src/target/allowed-hosts.ts';
import { BrokerConnection } from '../../../src/transport/kafka/broker-connection.ts';
import { DEFAULTS } from './harness.ts';

test('a broker that a cluster names and that is not allowed is not connected to', async () => {
  const sockets = new Set<never>();
  const options = { kafka: DEFAULTS, secureContext: null, sockets, hosts: new AllowedHosts(['*.kafka.svc']) };
  await assert.rejects(BrokerConnection.open({ host: 'elsewhere', port: 9092 }, options, 1000), {
    name: 'Failure',
    message: /^host "elsewhere:9092" is not among the hosts/,
  });
  assert.equal(sockets.size, 0);
});
