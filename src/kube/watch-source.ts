import type { Client, ListOptions, Page, Selection } from './client.ts';
import { errorOfStatus } from './errors.ts';
import type { KubeObject } from './object.ts';
import { apiVersionOf, describePlace, type Place, type Resource } from './resource.ts';

/** What a watch tells of one object, or of none: `bookmark` says only that all up to there has been told. */
export type WatchEvent<T> =
  | { type: 'set'; object: T; resourceVersion: string }
  | { type: 'gone'; object: T; resourceVersion: string }
  | { type: 'bookmark'; resourceVersion: string };

/** Where objects to be watched come from. */
export interface WatchSource<T> {
  /** How messages speak of it, such as `pods in ingest`. */
  readonly what: string;
  /**
   * One page of all objects. @param after where the page before ended; empty for the first
   * @throws KubeError `Expired` when the page before is too old: the list has to be begun anew
   */
  list(after: string, signal: AbortSignal): Promise<{ items: T[]; resourceVersion: string; next: string }>;
  /**
   * What happens from a state on, for `seconds` at most; the deadline for the server to end it is `deadlineMs`.
   * @throws KubeError before or between events; `Expired` when the state is too old
   */
  watch(options: {
    resourceVersion: string;
    seconds: number;
    deadlineMs: number;
    signal: AbortSignal;
  }): AsyncGenerator<WatchEvent<T>, void, undefined>;
}

export interface SourceOptions extends Selection {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
}

/** All objects of a resource. */
export function objectSource<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: SourceOptions = {},
): WatchSource<T> {
  const list: Lister<T> = (place, listOptions) => client.list(resource, place, listOptions);
  return source(client, resource, list, options, false);
}

/** The metadata of all objects of a resource: where the objects are large and only a few are read. */
export function metadataSource(
  client: Client,
  resource: Resource,
  options: SourceOptions = {},
): WatchSource<KubeObject> {
  const list: Lister<KubeObject> = (place, listOptions) => client.listMetadata(resource, place, listOptions);
  return source(client, resource, list, options, true);
}

type Lister<T extends KubeObject> = (place: Place, options: ListOptions) => Promise<Page<T>>;

function source<T extends KubeObject>(
  client: Client,
  resource: Resource,
  list: Lister<T>,
  { namespace, labelSelector, fieldSelector }: SourceOptions,
  metadataOnly: boolean,
): WatchSource<T> {
  const place = { namespace };
  const selection = { labelSelector, fieldSelector };
  const what = describePlace(resource, place);
  return {
    what,
    async list(after, signal) {
      const page = await list(place, { ...selection, signal, ...(after === '' ? {} : { continue: after }) });
      return { items: page.items, resourceVersion: page.resourceVersion, next: page.continue };
    },
    async *watch({ resourceVersion, seconds, deadlineMs, signal }) {
      const lines = client.watch(resource, place, {
        ...selection,
        resourceVersion,
        timeoutSeconds: seconds,
        deadlineMs,
        metadataOnly,
        signal,
      });
      for await (const line of lines) yield eventOf<T>(line, resource, what);
    },
  };
}

/** @throws KubeError for an event of the type ERROR, and for what is none */
function eventOf<T extends KubeObject>(line: string, resource: Resource, what: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { type: string; object: T };
  if (type === 'ERROR') throw errorOfStatus(`watch ${what}`, object);
  const resourceVersion = object.metadata.resourceVersion ?? '';
  if (type === 'BOOKMARK') return { type: 'bookmark', resourceVersion };
  const own = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
  return { type: type === 'DELETED' ? 'gone' : 'set', object: own, resourceVersion };
}
