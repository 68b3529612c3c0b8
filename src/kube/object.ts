/**
 * Objects as the API server gives them: plain JSON, instants as texts. (The classes of the client library turn lists into
 * Dates and watches not.)
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** What of an object's metadata is read or written here. */
export interface ObjectMeta {
  name: string;
  /** Absent for objects of the whole cluster. */
  namespace?: string;
  /** Given by the API server; another object of the same name has another. */
  uid?: string;
  /** Grows with each write, but is to be compared for equality only. */
  resourceVersion?: string;
  /** Grows with each change of the spec. */
  generation?: number;
  creationTimestamp?: string;
  /** There when the object is being deleted. */
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/**
 * A type of the client library as it is in JSON. (Names that the library changes, such as `_continue`, stay changed: do
 * not use those.)
 */
export type Raw<T> = T extends Date
  ? string
  : T extends readonly (infer Entry)[]
    ? Raw<Entry>[]
    : T extends object
      ? { [Field in keyof T]: Raw<T[Field]> }
      : T;

/** A type of the client library as an object that was read: its name is there. */
export type RawObject<T> = Omit<Raw<T>, 'apiVersion' | 'kind' | 'metadata'> & KubeObject;

/** Names one object among those of its resource: `namespace/name`, or `name` for one of the whole cluster. */
export function keyOf({ metadata: { namespace, name } }: { metadata: ObjectMeta }): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The way back from `keyOf`. */
export function placeOf(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
