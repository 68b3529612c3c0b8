import type { ApiRequest, Connection } from './connection.ts';
import { isKubeError, KubeError } from './errors.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import { apiVersionOf, describePlace, type Place, pathOf, type Resource } from './resource.ts';

/** The most objects of one page of a list. */
export const PAGE_SIZE = 500;

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Default: 30 s. */
  timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  /** Everything is checked and answered as if it were done, and nothing is. */
  dryRun?: boolean;
  /** What to do with fields that the server does not know. Default: the server's, which drops them. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** `status`, `scale`, … Default: the object itself. */
  subresource?: string;
  /** In whose name fields are written. Default: the client's. */
  fieldManager?: string;
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields over from other managers. Default: true; false fails as `Conflict` where another owns a field. */
  force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Only if it is still this object, and not another of the same name. Else it fails as `Conflict`. */
  uid?: string | undefined;
  /** Only if it has not changed since. Else it fails as `Conflict`. */
  resourceVersion?: string | undefined;
  /** How long a pod has to end, in s. Default: as the pod says. */
  gracePeriodSeconds?: number;
  /** What becomes of objects that it owns. Default: the server's, which removes them afterwards. */
  propagation?: 'Background' | 'Foreground' | 'Orphan';
}

/** Which objects of a place. */
export interface Selection {
  /** Such as `app=taz,role!=canary`. */
  labelSelector?: string | undefined;
  /** Such as `metadata.name=a`. */
  fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  /** Where the page before ended. */
  continue?: string;
  /** Default: 500. */
  limit?: number;
}

/** A part of a list. */
export interface Page<T> {
  items: T[];
  /** The state that the list shows: a watch goes on from it. */
  resourceVersion: string;
  /** Where the next page begins; empty: this is the last one. */
  continue: string;
}

/** An object of which only the metadata was asked for. */
export type MetadataOnly = KubeObject;

/** What a merge patch says of an object: fields to set, null to remove. */
export type MergePatch = { metadata?: Partial<ObjectMeta>; [field: string]: unknown };

/** What is sent to make an object: its resource says version and kind. */
export type NewObject<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind'>;

/**
 * The calls to the API server that an operator makes, one method for each verb.
 *
 * Each throws a KubeError, whose kind says what to do, or the reason of the caller's own signal. Nothing is tried again
 * here: who calls knows whether the same call still makes sense.
 */
export class Client {
  readonly #connection: Connection;
  readonly #fieldManager: string;

  /** @param fieldManager in whose name fields are written, such as `taz-controller` */
  constructor(connection: Connection, fieldManager: string) {
    this.#connection = connection;
    this.#fieldManager = fieldManager;
  }

  /** @throws KubeError `NotFound` where there is none */
  async get<T extends KubeObject>(resource: Resource<T>, place: Place, options?: CallOptions): Promise<T> {
    return (await this.#call('get', 'GET', resource, place, options)) as T;
  }

  /** @returns null where there is none */
  async find<T extends KubeObject>(
    resource: Resource<T>,
    place: Place,
    options?: CallOptions,
  ): Promise<T | null> {
    try {
      return await this.get(resource, place, options);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return null;
      throw error;
    }
  }

  /** One page. @throws KubeError `Expired` where the page before is too old */
  list<T extends KubeObject>(
    resource: Resource<T>,
    place: Place,
    options: ListOptions = {},
  ): Promise<Page<T>> {
    return this.#list(resource, place, options, {});
  }

  /** One page of objects without anything but their metadata: a fraction of the bytes. */
  listMetadata(resource: Resource, place: Place, options: ListOptions = {}): Promise<Page<MetadataOnly>> {
    return this.#list(resource, place, options, { accept: METADATA_LIST });
  }

  /**
   * What happens to objects from a state on, as the API server writes it: one JSON text for each event. It ends after
   * `timeoutSeconds`; `deadlineMs` ends it where the server does not.
   */
  watch(
    resource: Resource,
    place: Place,
    options: Selection & {
      resourceVersion: string;
      timeoutSeconds: number;
      deadlineMs: number;
      metadataOnly: boolean;
      signal: AbortSignal;
    },
  ): AsyncGenerator<string, void, undefined> {
    const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = options;
    return this.#connection.lines({
      method: 'GET',
      path: pathOf(resource, place),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion,
        timeoutSeconds,
        labelSelector,
        fieldSelector,
      },
      ...(options.metadataOnly ? { accept: METADATA_ONLY } : {}),
      call: `watch ${describePlace(resource, place)}`,
      verb: 'watch',
      resource: resource.plural,
      timeoutMs: options.deadlineMs,
      signal,
    });
  }

  /** @throws KubeError `AlreadyExists`, `Invalid`, `Forbidden` (also for a quota) */
  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    return (await this.#write('create', 'POST', resource, { namespace }, object, options)) as T;
  }

  /** Writes an object as a whole. With a `resourceVersion` in it, only if it has not changed: else `Conflict`. */
  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    return (await this.#write('update', 'PUT', resource, object.metadata, object, options)) as T;
  }

  /**
   * Server-side apply: makes the object, or brings the fields given to these values and removes those that this field
   * manager gave before and gives no more. All else is left alone, so that it can be repeated for ever.
   */
  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: { metadata: ObjectMeta; [field: string]: unknown },
    { force = true, ...options }: ApplyOptions = {},
  ): Promise<T> {
    return (await this.#write('apply', 'PATCH', resource, object.metadata, object, options, {
      query: { force },
      contentType: 'application/apply-patch+yaml',
    })) as T;
  }

  /** JSON merge patch. With a `resourceVersion` in its metadata, only if the object has not changed: else `Conflict`. */
  async merge<T extends KubeObject>(
    resource: Resource<T>,
    place: Place,
    patch: MergePatch,
    options: WriteOptions = {},
  ): Promise<T> {
    return (await this.#call('patch', 'PATCH', resource, place, options, {
      body: patch,
      query: this.#writeQuery(options),
      subresource: options.subresource,
      contentType: 'application/merge-patch+json',
    })) as T;
  }

  /**
   * Replaces the whole status of this very object. (Server-side apply and merge patches of a status heed no uid: they would
   * write to another object of the same name that was made in the meantime.)
   * @returns the object as it is stored now
   * @throws KubeError `NotFound` where there is none, `Conflict` where it is another by now
   */
  async writeStatus<T extends KubeObject>(
    resource: Resource<T>,
    { name, namespace, uid }: ObjectMeta,
    status: object,
    options: WriteOptions = {},
  ): Promise<T> {
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/status', value: status },
    ];
    try {
      return (await this.#call('patch', 'PATCH', resource, { namespace, name }, options, {
        body,
        query: this.#writeQuery(options),
        subresource: 'status',
        contentType: 'application/json-patch+json',
      })) as T;
    } catch (error) {
      // A test that fails is answered as an invalid object, without a word about any field.
      if (!isKubeError(error, 'Invalid') || error.causes.length > 0) throw error;
      const words = `there is another ${resource.kind} ${name} by now, with another uid than ${uid}`;
      throw new KubeError('Conflict', words, { cause: error });
    }
  }

  /** @throws KubeError `NotFound` where there is none (any more), `Conflict` where a precondition fails */
  async delete(resource: Resource, place: Place, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, propagation } = options;
    await this.#call('delete', 'DELETE', resource, place, options, {
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        gracePeriodSeconds,
        propagationPolicy: propagation,
      },
    });
  }

  async #list<T extends KubeObject>(
    resource: Resource<T>,
    place: Place,
    options: ListOptions,
    { accept }: { accept?: string },
  ): Promise<Page<T>> {
    const { labelSelector, fieldSelector, limit = PAGE_SIZE } = options;
    const list = (await this.#call('list', 'GET', resource, place, options, {
      query: { limit, continue: options.continue, labelSelector, fieldSelector },
      ...(accept === undefined ? {} : { accept }),
    })) as { items?: T[]; metadata?: { resourceVersion?: string; continue?: string } };
    // Items of a list leave these to the list.
    const own = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return {
      items: (list.items ?? []).map((item) => ({ ...item, ...own })),
      resourceVersion: list.metadata?.resourceVersion ?? '',
      continue: list.metadata?.continue ?? '',
    };
  }

  #write(
    verb: string,
    method: ApiRequest['method'],
    resource: Resource,
    { namespace, name }: Place,
    object: object,
    options: WriteOptions,
    more: Partial<ApiRequest> = {},
  ): Promise<unknown> {
    return this.#call(verb, method, resource, { namespace, name }, options, {
      ...more,
      body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
      query: { ...this.#writeQuery(options), ...more.query },
      subresource: options.subresource,
    });
  }

  #writeQuery({ dryRun, fieldValidation, fieldManager }: WriteOptions): ApiRequest['query'] & object {
    return {
      fieldManager: fieldManager ?? this.#fieldManager,
      dryRun: dryRun ? 'All' : undefined,
      fieldValidation,
    };
  }

  #call(
    verb: string,
    method: ApiRequest['method'],
    resource: Resource,
    place: Place,
    { signal, timeoutMs }: CallOptions = {},
    { subresource, ...more }: Partial<ApiRequest> & { subresource?: string | undefined } = {},
  ): Promise<unknown> {
    return this.#connection.call({
      method,
      path: pathOf(resource, place, subresource),
      call: `${verb} ${describePlace(resource, place)}${subresource === undefined ? '' : ` (${subresource})`}`,
      verb,
      resource: resource.plural,
      signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...more,
    });
  }
}
