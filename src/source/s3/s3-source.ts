import { rm } from 'node:fs/promises';
import type { S3Spec } from '../../api/run-spec.ts';
import { shown } from '../../units/shown.ts';
import { utf8Text } from '../../units/utf8.ts';
import type { Source, SourceFile, SourceForm, View } from '../source.ts';
import { SourceError } from '../source-error.ts';
import { type Listing, readStill } from '../still.ts';
import type { Surroundings } from '../surroundings.ts';
import { TemporaryFolder } from '../temporary-folder.ts';
import { type CredentialSource, chainCredentials, secretCredentials } from './credentials.ts';
import type { S3Object } from './list-xml.ts';
import { type Location, locationOf } from './location.ts';
import { S3Client, type S3Timing } from './s3-client.ts';

/** How long a changed bucket has to stay the same, in ms: somebody may be half-way through an upload of several objects. */
const SETTLE_MS = 300;

/** Objects fetched at the same time. */
const AT_ONCE = 8;

/** An object that counts, with its name as a file. */
interface NamedObject extends S3Object {
  name: string;
}

interface BucketListing extends Listing {
  objects: NamedObject[];
}

/** An object that was fetched: its file's text, or where it lies. */
interface Fetched {
  etag: string;
  file: SourceFile;
}

/** @throws SourceError when there is no region, or the endpoint is no URL */
export function openS3Source(spec: S3Spec, form: SourceForm, timing: Partial<S3Timing> = {}): Source {
  return new S3Source(spec, form, timing);
}

/**
 * The objects of a bucket below a prefix. A look lists them: one call for each 1,000. Only objects whose ETag is new are
 * fetched, each on condition that it still has it; then they are listed again, so that all were there together.
 */
class S3Source implements Source {
  readonly #spec: S3Spec;
  readonly #form: SourceForm;
  readonly #timing: Partial<S3Timing>;
  #bucket: { client: S3Client; use: (around: Surroundings, signal: AbortSignal) => void } | null = null;
  #view: View | null = null;
  #version = '';
  /** What the view holds, by key. */
  #fetched: ReadonlyMap<string, Fetched> = new Map();
  #folder: TemporaryFolder | null = null;
  /** Paths of what was fetched to disk, and of what of it may be read, whatever the view is now. */
  readonly #onDisk = new Set<string>();
  #used: ReadonlySet<string> = new Set();

  constructor(spec: S3Spec, form: SourceForm, timing: Partial<S3Timing>) {
    this.#spec = spec;
    this.#form = form;
    this.#timing = timing;
  }

  async look(around: Surroundings, signal: AbortSignal): Promise<View> {
    this.#bucket ??= openBucket(this.#spec, this.#timing);
    const { client, use } = this.#bucket;
    use(around, signal);
    const list = () => this.#list(client, signal);
    const first = await list();
    if (this.#view !== null && first.version === this.#version) return this.#view;
    const fetched = new Map(this.#fetched);
    const read = ({ objects }: BucketListing) => this.#fetch(client, objects, fetched, signal);
    const settleMs = this.#view === null ? 0 : SETTLE_MS;
    try {
      const { listing } = await readStill(first, { list, read, settleMs, signal });
      this.#keep(listing, fetched);
      return this.#view!;
    } finally {
      await this.#tidy(this.#fetched);
    }
  }

  use(paths: ReadonlySet<string>): void {
    this.#used = paths;
  }

  close(): void {
    this.#bucket?.client.close();
    this.#bucket = null;
    this.#folder?.remove();
    this.#folder = null;
  }

  async #list(client: S3Client, signal: AbortSignal): Promise<BucketListing> {
    const { prefix, bucket } = this.#spec;
    const { maxFiles, maxBytes, what, advice } = this.#form;
    const found = await client.list(prefix, maxFiles, signal);
    const objects = found.flatMap((object) => {
      const name = nameOf(object.key, prefix);
      return name === null ? [] : [{ ...object, name }];
    });
    const where = prefix === '' ? `bucket ${shown(bucket)}` : `prefix ${shown(prefix)}`;
    if (found.length > maxFiles)
      throw new SourceError(`${where} has more than ${maxFiles} objects: name a narrower prefix`);
    if (objects.length === 0)
      throw new SourceError(`${where} has no object: check bucket and prefix, and that it was uploaded`);
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    if (bytes > maxBytes) {
      const largest = objects.reduce((most, object) => (object.size > most.size ? object : most));
      throw new SourceError(
        `the objects of ${where} have ${bytes} bytes together, the largest (${shown(largest.key)}) ${largest.size}: ` +
          `${what} may have ${maxBytes / 2 ** 20} MiB${advice}`,
      );
    }
    const version = JSON.stringify(objects.map(({ key, etag, size }) => [key, etag, size]));
    return { version, objects };
  }

  /** Fetches what is not there yet in the version asked for, a few at a time. */
  async #fetch(
    client: S3Client,
    objects: NamedObject[],
    fetched: Map<string, Fetched>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#tidy(fetched);
    const missing = objects.filter(({ key, etag }) => fetched.get(key)?.etag !== etag);
    const worker = async (): Promise<void> => {
      for (let object = missing.shift(); object !== undefined; object = missing.shift()) {
        const file = await this.#fetchOne(client, object, signal).catch((error: unknown) => {
          missing.length = 0;
          throw error;
        });
        fetched.set(object.key, { etag: object.etag, file });
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async #fetchOne(client: S3Client, object: NamedObject, signal: AbortSignal): Promise<SourceFile> {
    const { name, key } = object;
    if (this.#form.as === 'files') {
      this.#folder ??= new TemporaryFolder();
      const path = this.#folder.newPath();
      this.#onDisk.add(path);
      await client.download(object, path, signal);
      return { name, path };
    }
    const text = utf8Text(await client.read(object, signal));
    if (text === null) throw new SourceError(`object ${shown(key)} is not a text in UTF-8`);
    return { name, text };
  }

  #keep({ version, objects }: BucketListing, fetched: Map<string, Fetched>): void {
    this.#fetched = new Map(objects.map(({ key }) => [key, fetched.get(key)!]));
    this.#version = version;
    const files = [...this.#fetched.values()].map(({ file }) => file);
    this.#view = { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  /** Deletes the files that are neither used nor of a view or of what is being fetched. */
  async #tidy(fetched: ReadonlyMap<string, Fetched>): Promise<void> {
    const needed = new Set(this.#used);
    for (const { file } of [...this.#fetched.values(), ...fetched.values()]) {
      if ('path' in file) needed.add(file.path);
    }
    for (const path of this.#onDisk) {
      if (needed.has(path)) continue;
      this.#onDisk.delete(path);
      await rm(path, { force: true });
    }
  }
}

function openBucket(spec: S3Spec, timing: Partial<S3Timing>) {
  const location: Location = locationOf(spec, process.env);
  const source: CredentialSource =
    spec.secret === null ? chainCredentials(location.region) : secretCredentials(spec.secret);
  let now: Parameters<CredentialSource['get']> | null = null;
  const client = new S3Client({
    location,
    credentials: () => source.get(...now!),
    origin: source.origin,
    timing,
  });
  const use = (...seen: Parameters<CredentialSource['get']>): void => {
    now = seen;
  };
  return { client, use };
}

/**
 * What an object is called as a file: its key behind the prefix, or the last part of its key where the prefix is all of
 * it. Null: it is left out, as what a folder would hide, or a folder's own mark.
 */
export function nameOf(key: string, prefix: string): string | null {
  const rest = key === prefix ? key.slice(key.lastIndexOf('/') + 1) : key.slice(prefix.length);
  const name = rest.replace(/^\//, '');
  return name === '' || name.split('/').some((part) => part === '' || part.startsWith('.')) ? null : name;
}
