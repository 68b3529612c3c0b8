import type { KubeObject } from './object.ts';

/**
 * A kind of objects of the API server and where they are found.
 * @typeParam T its objects
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in paths and in rights. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** No value: carries the type. */
  readonly object?: T;
}

/** Which object. Without a namespace: of the whole cluster, or, in lists, of all namespaces. */
export interface Place {
  namespace?: string | undefined;
  name?: string | undefined;
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * The path of an object, or of all of a namespace or cluster where there is no name.
 * @param subresource such as `status`
 * @throws RangeError where an object of a namespace is named without one, or a name could lead elsewhere
 */
export function pathOf(resource: Resource, { namespace, name }: Place, subresource?: string): string {
  const { group, plural, namespaced } = resource;
  if (namespaced && name !== undefined && namespace === undefined) {
    throw new RangeError(`${plural} ${name}: needs a namespace`);
  }
  const within = namespaced && namespace !== undefined ? ['namespaces', namespace] : [];
  const steps = [
    ...(group === '' ? ['api'] : ['apis', group]),
    resource.version,
    ...within,
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return steps.map((step) => `/${segment(step)}`).join('');
}

function segment(step: string): string {
  if (step === '' || step === '.' || step === '..') throw new RangeError(`"${step}" is no name`);
  return encodeURIComponent(step);
}

/** `pods ingest/a`, `nodes a`, `pods in ingest`, `pods`: how messages speak of a place. */
export function describePlace({ plural }: Resource, { namespace, name }: Place): string {
  if (name === undefined) return namespace === undefined ? plural : `${plural} in ${namespace}`;
  return `${plural} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
