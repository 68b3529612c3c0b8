import type { Pod } from '../../kube/resources.ts';
import { type ContainerStatus, endOf, terminatedWords, workerStatus } from './pod-end.ts';

/** How long a container may be set up before that is told, in ms. */
const SETTING_UP_MS = 20_000;

/** How long a container that runs may be not ready before that is told, in ms. */
const GETTING_READY_MS = 20_000;

/** Reasons for which an image cannot be had. */
const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

/**
 * What keeps a pod from coming up, in words a person understands.
 * @param wallNow ms since 1970
 * @returns empty: nothing that is known
 */
export function podTrouble(pod: Pod, wallNow: number): string {
  return (
    endOf(pod)?.reason ??
    nodeTrouble(pod) ??
    schedulingTrouble(pod) ??
    containerTrouble(pod, wallNow) ??
    slowness(pod, wallNow) ??
    (pod.metadata.deletionTimestamp === undefined ? '' : 'is being deleted')
  );
}

/** A node that does not answer: its pods are called not ready, whatever their containers last were. */
function nodeTrouble(pod: Pod): string | null {
  const node = pod.spec?.nodeName ?? '';
  const { reason, message, phase, conditions } = pod.status ?? {};
  if (reason === 'NodeLost' || phase === 'Unknown') {
    return `its node ${node} does not answer${message === undefined ? '' : `: ${message}`}`;
  }
  const containers = pod.status?.containerStatuses ?? [];
  const ready = conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'False' && containers.length > 0 && containers.every((status) => status.ready)) {
    return `its node ${node} does not answer`;
  }
  return null;
}

function schedulingTrouble(pod: Pod): string | null {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return null;
  if (scheduled.reason === 'SchedulingGated') return 'is held back by a scheduling gate of its template';
  return `cannot be placed on a node: ${scheduled.message ?? scheduled.reason ?? 'no reason is given'}`;
}

function containerTrouble(pod: Pod, wallNow: number): string | null {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const words = waitingTrouble(pod, status);
    if (words !== null) return words;
  }
  return initTrouble(pod, initContainerStatuses, wallNow);
}

function waitingTrouble(pod: Pod, { name, image, state, lastState }: ContainerStatus): string | null {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const why = message === '' ? reason : message;
  if (IMAGE_REASONS.has(reason)) return `cannot get the image ${image} of its container ${name}: ${why}`;
  if (reason === 'CrashLoopBackOff') {
    const last = lastState?.terminated;
    const how = last === undefined ? why : terminatedWords(pod, last);
    return `its container ${name} ends again and again: ${how}`;
  }
  if (reason === '' || reason === 'ContainerCreating' || reason === 'PodInitializing') return null;
  return `its container ${name} cannot start (${reason}): ${why}`;
}

/** An init container of the overlay that failed, or takes its time. */
function initTrouble(pod: Pod, statuses: ContainerStatus[], wallNow: number): string | null {
  for (const { name, state } of statuses) {
    const { terminated, running } = state ?? {};
    if (terminated !== undefined && terminated.exitCode !== 0) {
      return `its container ${name} failed: ${terminatedWords(pod, terminated)}`;
    }
    const since = running?.startedAt;
    if (workerStatus(pod)?.state?.waiting !== undefined && since !== undefined) {
      const ms = wallNow - Date.parse(since);
      if (ms > SETTING_UP_MS) return `waits for its container ${name}, which has run for ${seconds(ms)}`;
    }
  }
  return null;
}

function slowness(pod: Pod, wallNow: number): string | null {
  const { conditions, startTime } = pod.status ?? {};
  const status = workerStatus(pod);
  const startedAt = status?.state?.running?.startedAt;
  if (startedAt !== undefined && !status!.ready) {
    const ms = wallNow - Date.parse(startedAt);
    return ms > GETTING_READY_MS ? `has run for ${seconds(ms)} and is not ready` : null;
  }
  if (startedAt !== undefined) return null;
  const since = startTime ?? pod.metadata.creationTimestamp;
  const ms = since === undefined ? 0 : wallNow - Date.parse(since);
  if (ms <= SETTING_UP_MS) return null;
  if (startTime !== undefined) {
    return `its container is being set up for ${seconds(ms)} (image, network, volumes: kubectl describe pod ${pod.metadata.name})`;
  }
  const placed = conditions?.some(({ type, status: is }) => type === 'PodScheduled' && is === 'True');
  return placed
    ? `its node ${pod.spec?.nodeName ?? ''} has not taken it for ${seconds(ms)}`
    : `no scheduler has looked at it for ${seconds(ms)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
