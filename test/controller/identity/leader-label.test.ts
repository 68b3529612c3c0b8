import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { LeaderLabel } from '../../../src/controller/identity/leader-label.ts';
import { isKubeError } from '../../../src/kube/errors.ts';
import { PODS } from '../../../src/kube/resources.ts';
import { useApiServer } from '../../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

suite('the label of the leader on real pods', { skip: api.missing }, () => {
  let namespace: string;
  before(async () => {
    namespace = await api.namespace();
    const spec = { containers: [{ name: 'taz', image: 'taz:1' }] };
    for (const name of ['a', 'b']) {
      await api.client.create(PODS, { metadata: { namespace, name, labels: { app: 'taz' } }, spec });
    }
  });

  const labelOf = (pod: string) => new LeaderLabel({ client: api.client, namespace, pod });
  const leaders = async () => {
    const { items } = await api.client.list(PODS, { namespace }, { labelSelector: 'taz.dev/leader=true' });
    return items.map(({ metadata }) => metadata.name);
  };

  test('is on one pod, also when the one before has died with it', async () => {
    await labelOf('a').take();
    assert.deepEqual(await leaders(), ['a']);
    await labelOf('b').take();
    assert.deepEqual(await leaders(), ['b']);
    await labelOf('b').take();
    const { labels } = (await api.client.get(PODS, { namespace, name: 'b' })).metadata;
    assert.deepEqual(labels, { app: 'taz', 'taz.dev/leader': 'true' });
  });

  test('is given up without a trace; giving up what one has not changes nothing', async () => {
    await labelOf('a').giveUp();
    assert.deepEqual(await leaders(), ['b']);
    await labelOf('b').giveUp();
    assert.deepEqual(await leaders(), []);
    await labelOf('none').giveUp();
  });

  test('of two that take it at once is on one at most in the end', async () => {
    await Promise.all([labelOf('a').take(), labelOf('b').take()]);
    await labelOf('a').take();
    assert.deepEqual(await leaders(), ['a']);
  });

  test('needs a pod', async () => {
    await assert.rejects(labelOf('none').take(), (error) => isKubeError(error, 'NotFound'));
  });
});
