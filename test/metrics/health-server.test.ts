import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { HealthServer } from '../../src/metrics/health-server.ts';

suite('what probes and scrapes are answered', () => {
  const health = { alive: true, ready: false, metrics: 'taz_x 1\n' };
  const server = new HealthServer({
    alive: () => health.alive,
    ready: () => health.ready,
    metrics: async () => {
      if (health.metrics === '') throw new Error('cannot be counted');
      return { text: health.metrics, contentType: 'text/plain; version=0.0.4' };
    },
  });
  let port: number;
  const get = async (path: string): Promise<[status: number, text: string, type: string | null]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return [answer.status, await answer.text(), answer.headers.get('content-type')];
  };

  before(async () => {
    port = await server.listen(0, '127.0.0.1');
  });
  after(() => server.close());

  test('says whether the process is alive and ready', async () => {
    assert.deepEqual((await get('/healthz')).slice(0, 2), [200, 'ok\n']);
    assert.deepEqual((await get('/readyz')).slice(0, 2), [503, 'not ready\n']);
    [health.alive, health.ready] = [false, true];
    assert.equal((await get('/healthz'))[0], 503);
    assert.equal((await get('/readyz'))[0], 200);
  });

  test('has the metrics', async () => {
    assert.deepEqual(await get('/metrics'), [200, 'taz_x 1\n', 'text/plain; version=0.0.4']);
    health.metrics = '';
    assert.deepEqual((await get('/metrics')).slice(0, 2), [500, 'Error: cannot be counted']);
  });

  test('has nothing else', async () => {
    assert.equal((await get('/'))[0], 404);
  });

  test('fails where the port is taken', async () => {
    const other = new HealthServer({
      alive: () => true,
      ready: () => true,
      metrics: async () => ({ text: '', contentType: '' }),
    });
    await assert.rejects(other.listen(port, '127.0.0.1'), /EADDRINUSE/);
  });
});
