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
      if (ms > SETTING_UP_MS) return `waits for its container ${name}, which has run for ${lasting(ms)}`;
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
    return ms > GETTING_READY_MS ? `has run for ${lasting(ms)} and is not ready` : null;
  }
  if (startedAt !== undefined) return null;
  const since = startTime ?? pod.metadata.creationTimestamp;
  const ms = since === undefined ? 0 : wallNow - Date.parse(since);
  if (ms <= SETTING_UP_MS) return null;
  if (startTime !== undefined) {
    return `its container is being set up for ${lasting(ms)} (image, network, volumes: kubectl describe pod ${pod.metadata.name})`;
  }
  const placed = conditions?.some(({ type, status: is }) => type === 'PodScheduled' && is === 'True');
  return placed
    ? `its node ${pod.spec?.nodeName ?? ''} has not taken it for ${lasting(ms)}`
    : `no scheduler has looked at it for ${lasting(ms)}`;
}

/** How long something lasts already, in steps: a word that changed each second would be news each second. */
function lasting(ms: number): string {
  const step = STEPS.findLast(([least]) => ms >= least) ?? STEPS[0]!;
  return `over ${step[1]}`;
}

const STEPS: readonly [least: number, words: string][] = [
  [20_000, '20 s'],
  [60_000, '1 min'],
  [5 * 60_000, '5 min'],
  [30 * 60_000, '30 min'],
  [2 * 3600_000, '2 h'],
  [24 * 3600_000, 'a day'],
];
