import { API_VERSION, KIND } from '../../api/loadtest.ts';
import type { ObjectMeta, OwnerReference } from '../../kube/object.ts';
import { labelValueOf } from './names.ts';

/** Which LoadTest: another of the same name has another uid. */
export interface TestIdentity {
  namespace: string;
  name: string;
  uid: string;
}

export const LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
  test: 'taz.dev/loadtest',
  run: 'taz.dev/run',
  worker: 'taz.dev/worker',
  replacement: 'taz.dev/replacement',
} as const;

/** What selects everything that was made for any test. */
export const CHILD_SELECTOR = `${LABELS.managedBy}=taz`;

/** What selects the pods of all workers of all tests. */
export const WORKER_SELECTOR = `${CHILD_SELECTOR},${LABELS.component}=worker`;

/** The owner of everything that is made for a test: it goes with the test, and is nobody else's. */
export function ownedBy({ name, uid }: TestIdentity): OwnerReference[] {
  return [{ apiVersion: API_VERSION, kind: KIND, name, uid, controller: true, blockOwnerDeletion: true }];
}

/** The uid of the LoadTest that owns an object; null: none does. */
export function ownerUidOf(metadata: { ownerReferences?: OwnerReference[] }): string | null {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === KIND && owner.apiVersion === API_VERSION ? owner.uid : null;
}

/** The LoadTest that owns an object, as `namespace/name`; null: none does. */
export function ownerKeyOf({ namespace, ownerReferences }: ObjectMeta): string | null {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === KIND && owner.apiVersion === API_VERSION ? `${namespace}/${owner.name}` : null;
}

/** Labels of everything that is made for a test. */
export function childLabels(test: TestIdentity): Record<string, string> {
  return {
    [LABELS.name]: 'taz-worker',
    [LABELS.instance]: labelValueOf(test.name),
    [LABELS.managedBy]: 'taz',
    [LABELS.test]: labelValueOf(test.name),
  };
}

/** Labels that a test's workers have, and nothing else. */
export function workerLabels(test: TestIdentity): Record<string, string> {
  return { [LABELS.test]: labelValueOf(test.name), [LABELS.component]: 'worker' };
}

/** The same as a selector, as the scale subresource gives it. */
export function workerSelector(test: TestIdentity): string {
  return Object.entries(workerLabels(test))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}
