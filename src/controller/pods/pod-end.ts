import type { V1ContainerStatus } from '@kubernetes/client-node';
import type { WorkerEnd } from '../../coordinator/worker-pool.ts';
import type { Raw } from '../../kube/object.ts';
import type { Pod } from '../../kube/resources.ts';
import { CONTAINER } from './worker-pod.ts';

export type ContainerStatus = Raw<V1ContainerStatus>;
export type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** The most characters of a process's last words that are told. */
const MAX_LAST_WORDS = 300;

/** Signals by which containers usually end. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/**
 * Whether a pod's state is proof that its worker sends no more, and how it ended.
 *
 * Proof is what the kubelet of its node has seen: the container terminated; or the whole pod ended without the container
 * ever having run. A phase alone is none: where a node is gone, the control plane calls its pods Failed and knows nothing
 * of the processes. Nor is a node that does not answer, nor a pod that is being deleted.
 * @returns null: none
 */
export function endOf(pod: Pod): WorkerEnd | null {
  const { phase, reason, message } = pod.status ?? {};
  const state = workerStatus(pod)?.state;
  const pushed = disruption(pod);
  if (state?.terminated !== undefined) {
    const how = terminatedWords(pod, state.terminated);
    if (reason)
      return { reason: `${reason === 'Evicted' ? 'was evicted' : reason}: ${message ?? ''} (${how})` };
    return {
      reason: pushed === null ? how : `${how}, as its pod had to go: ${pushed.message ?? pushed.reason}`,
    };
  }
  if (phase !== 'Failed' && phase !== 'Succeeded') return null;
  if (state?.running !== undefined) return null;
  if (pushed?.reason === 'DeletionByPodGC' && pod.spec?.nodeName) return null;
  const words = [reason, message].filter((word) => word !== undefined && word !== '').join(': ');
  return { reason: words === '' ? 'ended before it began' : `ended before it began: ${words}` };
}

/** Whether a pod can have run anywhere: without a node it cannot. */
export function wasPlaced(pod: Pod): boolean {
  return pod.spec?.nodeName !== undefined && pod.spec.nodeName !== '';
}

/** What is known of the container that sends. */
export function workerStatus(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
}

/** How a container ended, in words. */
export function terminatedWords(pod: Pod, { exitCode, signal, reason, message }: Terminated): string {
  const said = lastWords(message);
  const tail = said === '' ? '' : `: ${said}`;
  if (reason === 'OOMKilled') return outOfMemory(pod);
  if (reason === 'ContainerStatusUnknown') {
    // What the kubelet says when it finds no container: it has gone with its node, or there never was one.
    return message?.includes('used to be') ? 'was gone when its node came back' : 'ended before it began';
  }
  const number = signal !== undefined && signal !== 0 ? signal : exitCode - 128;
  const name = SIGNALS[number];
  if (name !== undefined) return `was killed by ${name}${tail}`;
  if (reason !== undefined && reason !== 'Error' && reason !== 'Completed') {
    return `ended with ${reason} (code ${exitCode})${tail}`;
  }
  return `exited with code ${exitCode}${tail}`;
}

function outOfMemory(pod: Pod): string {
  const limit = pod.spec?.containers.find(({ name }) => name === CONTAINER)?.resources?.limits?.['memory'];
  const which = limit === undefined ? "the node's memory was used up" : `limit ${limit}`;
  return `out of memory (${which}); raise the limit in spec.workers.template (spec.containers, name ${CONTAINER}, resources.limits.memory), or spread the load over more workers`;
}

/** The condition by which the control plane says why it ends a pod; null: it does not. */
function disruption(pod: Pod) {
  const found = pod.status?.conditions?.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  return found ?? null;
}

/** The last line that is not empty. */
function lastWords(message: string | undefined): string {
  const line =
    (message ?? '')
      .split('\n')
      .findLast((text) => text.trim() !== '')
      ?.trim() ?? '';
  return line.length > MAX_LAST_WORDS ? `${line.slice(0, MAX_LAST_WORDS - 1)}…` : line;
}
