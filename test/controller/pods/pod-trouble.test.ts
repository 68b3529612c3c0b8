import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { endOf } from '../../../src/controller/pods/pod-end.ts';
import { podTrouble } from '../../../src/controller/pods/pod-trouble.ts';
import { workerPod } from '../../../src/controller/pods/worker-pod.ts';
import type { Pod } from '../../../src/kube/resources.ts';
import { identity, RUN, templateOf } from '../test-identity.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

type Status = NonNullable<Pod['status']>;
type State = NonNullable<NonNullable<Status['containerStatuses']>[number]['state']>;

const owner = identity('ingest');
const made = workerPod(owner, RUN, { index: 0, replacement: 0 }, templateOf(owner));
const name = made.metadata.name;

function pod(status: Status, nodeName?: string): Pod {
  const metadata = { ...made.metadata, creationTimestamp: ago(60) };
  const spec = { ...made.spec!, ...(nodeName === undefined ? {} : { nodeName }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status };
}

const container = (state: State, more: object = {}) => ({
  name: 'taz',
  image: 'taz:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const waiting = (reason: string, message?: string): Status => ({
  phase: 'Pending',
  startTime: ago(5),
  containerStatuses: [container({ waiting: { reason, ...(message && { message }) } })],
});
const terminated = (state: NonNullable<State['terminated']>, more: Status = {}): Status => ({
  phase: 'Failed',
  containerStatuses: [container({ terminated: state })],
  ...more,
});
const running = (seconds: number, more: Status = {}, ready = false): Status => ({
  phase: 'Running',
  startTime: ago(seconds + 1),
  containerStatuses: [container({ running: { startedAt: ago(seconds) } }, { ready })],
  ...more,
});
const condition = (type: string, status: string, reason: string, message?: string) => ({
  conditions: [{ type, status, reason, ...(message && { message }) }],
});

suite('what keeps a pod from coming up, in words', () => {
  const nodes =
    '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.';
  const backOff =
    'Back-off pulling image "taz:1": ErrImagePull: failed to pull and unpack image "taz:1": not found';
  const rows: [what: string, pod: Pod, words: string][] = [
    ['nothing, when it is new', pod({ phase: 'Pending', startTime: ago(2) }, 'a'), ''],
    ['nothing, when it is ready', pod(running(100, condition('Ready', 'True', ''), true), 'a'), ''],
    ['nothing, when it has just begun', pod(running(5), 'a'), ''],
    [
      'no node has room',
      pod({ phase: 'Pending', ...condition('PodScheduled', 'False', 'Unschedulable', nodes) }),
      `cannot be placed on a node: ${nodes}`,
    ],
    [
      'a gate',
      pod({ phase: 'Pending', ...condition('PodScheduled', 'False', 'SchedulingGated') }),
      'is held back by a scheduling gate of its template',
    ],
    ['no scheduler', pod({ phase: 'Pending' }), 'no scheduler has looked at it for over 1 min'],
    [
      'no kubelet',
      pod({ phase: 'Pending', ...condition('PodScheduled', 'True', '') }, 'a'),
      'its node a has not taken it for over 1 min',
    ],
    [
      'an image that is not there',
      pod(waiting('ImagePullBackOff', backOff), 'a'),
      `cannot get the image taz:1 of its container taz: ${backOff}`,
    ],
    [
      'an image name that is none',
      pod(waiting('InvalidImageName', 'couldn\'t parse image name "T:": invalid reference format'), 'a'),
      'cannot get the image taz:1 of its container taz: couldn\'t parse image name "T:": invalid reference format',
    ],
    [
      'an image that must not be fetched',
      pod(
        waiting('ErrImageNeverPull', 'Container image "taz:1" is not present with pull policy of Never'),
        'a',
      ),
      'cannot get the image taz:1 of its container taz: Container image "taz:1" is not present with pull policy of Never',
    ],
    [
      'a configuration that is missing',
      pod(waiting('CreateContainerConfigError', 'configmap "more" not found'), 'a'),
      'its container taz cannot start (CreateContainerConfigError): configmap "more" not found',
    ],
    [
      'a sidecar that crashes',
      pod(
        {
          ...running(5),
          containerStatuses: [
            container({ running: { startedAt: ago(5) } }),
            container(
              { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
              {
                name: 'proxy',
                lastState: { terminated: { exitCode: 2, reason: 'Error', message: 'no config\n' } },
              },
            ),
          ],
        },
        'a',
      ),
      'its container proxy ends again and again: exited with code 2: no config',
    ],
    [
      'an init container that failed',
      pod(
        {
          ...waiting('PodInitializing'),
          initContainerStatuses: [
            container({ terminated: { exitCode: 1, reason: 'Error' } }, { name: 'fetch' }),
          ],
        },
        'a',
      ),
      'its container fetch failed: exited with code 1',
    ],
    [
      'an init container that takes long',
      pod(
        {
          ...waiting('PodInitializing'),
          initContainerStatuses: [container({ running: { startedAt: ago(40) } }, { name: 'fetch' })],
        },
        'a',
      ),
      'waits for its container fetch, which has run for over 20 s',
    ],
    ['a container that is being set up', pod(waiting('ContainerCreating'), 'a'), ''],
    [
      'a container that is being set up for long',
      pod({ ...waiting('ContainerCreating'), startTime: ago(50) }, 'a'),
      `its container is being set up for over 20 s (image, network, volumes: kubectl describe pod ${name})`,
    ],
    ['a worker that does not get ready', pod(running(45), 'a'), 'has run for over 20 s and is not ready'],
    [
      'a node that does not answer, as its controller says it',
      pod(running(300, condition('Ready', 'False', ''), true), 'a'),
      'its node a does not answer',
    ],
    [
      'a node that does not answer, when the pod is deleted',
      pod(
        running(300, { reason: 'NodeLost', message: 'Node a which was running pod p is unresponsive' }, true),
        'a',
      ),
      'its node a does not answer: Node a which was running pod p is unresponsive',
    ],
    [
      'its deletion',
      { ...pod(running(5), 'a'), metadata: { ...made.metadata, deletionTimestamp: ago(0) } },
      'is being deleted',
    ],
  ];
  for (const [what, state, words] of rows) {
    test(what, () => assert.equal(podTrouble(state, NOW), words));
  }
});

suite('proof that a worker has ended', () => {
  const gone = condition('DisruptionTarget', 'True', 'DeletionByPodGC', 'PodGC: node no longer exists');
  const drained = condition('DisruptionTarget', 'True', 'EvictionByEvictionAPI', 'Eviction API: evicting');
  const rows: [what: string, pod: Pod, reason: string | null][] = [
    ['it runs', pod(running(5), 'a'), null],
    ['it waits', pod(waiting('ContainerCreating'), 'a'), null],
    [
      'it left',
      pod(terminated({ exitCode: 0, reason: 'Completed' }, { phase: 'Succeeded' })),
      'exited with code 0',
    ],
    [
      'it failed, and said why',
      pod(terminated({ exitCode: 1, reason: 'Error', message: 'one\nTAZ_RUN is missing\n' })),
      'exited with code 1: TAZ_RUN is missing',
    ],
    ['it was killed', pod(terminated({ exitCode: 137, reason: 'Error' })), 'was killed by SIGKILL'],
    ['it was ended by a signal', pod(terminated({ exitCode: 0, signal: 15 })), 'was killed by SIGTERM'],
    [
      'it took too much memory',
      pod(terminated({ exitCode: 137, reason: 'OOMKilled' })),
      'out of memory (limit 1Gi); raise the limit in spec.workers.template (spec.containers, name taz, resources.limits.memory), or spread the load over more workers',
    ],
    [
      'it could not be run',
      pod(terminated({ exitCode: 128, reason: 'StartError', message: 'exec: "taz": not found' })),
      'ended with StartError (code 128): exec: "taz": not found',
    ],
    [
      'its node was started anew',
      pod(
        terminated({
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
          message:
            'The container could not be located when the pod was deleted.  The container used to be Running',
        }),
      ),
      'was gone when its node came back',
    ],
    [
      'it was deleted before it had an image',
      pod(
        terminated({
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
          message: 'The container could not be located when the pod was terminated',
        }),
      ),
      'ended before it began',
    ],
    [
      'it crashed before its pod was ever called running',
      pod(terminated({ exitCode: 3, reason: 'Error' }, { phase: 'Pending' })),
      'exited with code 3',
    ],
    [
      'it was evicted by its node',
      pod(
        terminated(
          { exitCode: 137, reason: 'Error' },
          { reason: 'Evicted', message: 'The node was low on resource: memory.' },
        ),
      ),
      'was evicted: The node was low on resource: memory. (was killed by SIGKILL)',
    ],
    [
      'it was drained',
      pod(terminated({ exitCode: 0 }, drained)),
      'exited with code 0, as its pod had to go: Eviction API: evicting',
    ],
    [
      'its node did not take it',
      pod({ phase: 'Failed', reason: 'OutOfcpu', message: 'Node did not have enough resource: cpu' }, 'a'),
      'ended before it began: OutOfcpu: Node did not have enough resource: cpu',
    ],
    [
      'its pod was ended by its deadline before it began',
      pod({ ...waiting('ContainerCreating'), phase: 'Failed', reason: 'DeadlineExceeded' }, 'a'),
      'ended before it began: DeadlineExceeded',
    ],
    [
      'its node is gone, and nobody saw its process',
      pod({ ...running(5), phase: 'Failed', ...gone }, 'a'),
      null,
    ],
    [
      'its node is gone, and it may just have begun',
      pod({ ...waiting('ContainerCreating'), phase: 'Failed', ...gone }, 'a'),
      null,
    ],
    ['it never had a node', pod({ phase: 'Failed', ...gone }), 'ended before it began'],
    [
      'a sidecar ended, and it runs',
      pod({
        ...running(5),
        containerStatuses: [
          container({ terminated: { exitCode: 1 } }, { name: 'proxy' }),
          container({ running: { startedAt: ago(5) } }),
        ],
      }),
      null,
    ],
  ];
  for (const [what, state, reason] of rows) {
    test(`${reason === null ? 'none' : 'given'}: ${what}`, () =>
      assert.equal(endOf(state)?.reason ?? null, reason));
  }
});
