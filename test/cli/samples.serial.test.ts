import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Summary } from '../../src/report/summary.ts';
import { folderWith } from './manifest/files.ts';
import { runTaz } from './taz-process.ts';

const manifest = (port: number) => `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: sampled }
spec:
  rate: 200/s
  duration: 2s
  workers: { replicas: 2 }
  results: { samples: 12 }
  templates:
    entry: target.json
    from: [{ inline: { target.json: '{"method": "POST", "url": "http://127.0.0.1:${port}/<%= it.Token %>/v1?key=<%= it.Token %>", "headers": {"Authorization": "<%= it.Token %>"}, "body": "<%= b64enc(it.Token) %>"}' } }]
  variables:
    - { name: Token, valueFrom: { secretKeyRef: { name: s, key: token } } }
---
apiVersion: v1
kind: Secret
metadata: { name: s }
stringData: { token: s3cret-token }
`;

test('taz run tells of a few hits of all workers, and nothing secret', async (t) => {
  let requests = 0;
  const server = createServer((request, response) => {
    const turn = requests++ % 10;
    response.statusCode = turn === 0 ? 503 : 200;
    request.resume().on('end', () => setTimeout(() => response.end(), turn === 1 ? 150 : 0));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const file = join(folderWith(t, { 'loadtest.yaml': manifest(port) }), 'loadtest.yaml');
  const { code, stdout, stderr } = await runTaz(['run', '-f', file, '--output', 'json']);
  assert.equal(code, 0, stderr);
  const { samples, counts, startedAt } = JSON.parse(stdout) as Summary;
  assert.equal(counts.sent, 400);
  assert.equal(requests, 400);
  const of = (reason: string) => samples.filter(({ chosen }) => chosen === reason);
  assert.deepEqual([of('failed').length, of('slow').length, of('ordinary').length], [4, 4, 4]);
  assert.ok(of('failed').every(({ outcome, status }) => outcome === 'http_503' && status === 503));
  assert.ok(of('slow').every(({ outcome, serviceTimeMs }) => outcome === 'succeeded' && serviceTimeMs > 140));
  assert.ok(samples.every(({ url }) => url === `http://127.0.0.1:${port}/***/v1?…`));
  assert.ok(samples.every(({ target, method }) => target === 'target.json' && method === 'POST'));
  assert.ok(
    samples.every(({ sentAt }) => Math.abs(Date.parse(sentAt) - Date.parse(startedAt!) - 1000) < 1200),
  );
  assert.deepEqual(new Set(samples.map(({ hit }) => hit)).size, 12);
  assert.doesNotMatch(stdout + stderr, /s3cret/);
});
