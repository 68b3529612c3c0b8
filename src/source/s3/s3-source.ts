import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Spec } from '../../api/run-spec.ts';
import { shown } from '../../units/shown.ts';
import { utf8Text } from '../../units/utf8.ts';
import type { Source, SourceFile, SourceForm, View } from '../source.ts';
import { SourceError } from '../source-error.ts';
import { type Listing, readStill } from '../still.ts';
import type { Surroundings } from '../surroundings.ts';
import { type CredentialSource, chainCredentials, secretCredentials } from './credentials.ts';
import type { S3Object } from './list-xml.ts';
import { type Location, locationOf } from './location.ts';
import { S3Client, type S3Timing } from './s3-client.ts';

/** How long a changed bucket has to stay the same, in ms: somebody may be half-way through an upload of several objects. */
const SETTLE_MS = 400;

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
  /** The files of the view before: lanes may still read them. */
  #leaving: string[] = [];
  #folder: TemporaryFolder | null = null;

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
    try {
      const settleMs = this.#view === null ? 0 : SETTLE_MS;
      const { listing } = await readStill(first, { list, read, settleMs, signal });
      await this.#keep(listing, fetched);
      return this.#view!;
    } catch (error) {
      await removeFiles(pathsOf(fetched, this.#fetched));
      throw error;
    }
  }

  close(): void {
    this.#bucket?.client.close();
    this.#bucket = null;
    this.#folder?.remove();
    this.#folder = null;
  }

  async #list(client: S3Client, signal: AbortSignal): Promise<BucketListing> {
    const { prefix, bucket } = this.#spec;
    const { maxFiles, maxBytes, as } = this.#form;
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
      const what = as === 'texts' ? 'templates' : 'targets from S3';
      throw new SourceError(
        `the objects of ${where} have ${bytes} bytes together, the largest (${shown(largest.key)}) ${largest.size}: ` +
          `${what} may have ${maxBytes / 2 ** 20} MiB`,
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
    const missing = objects.filter(({ key, etag }) => fetched.get(key)?.etag !== etag);
    const worker = async (): Promise<void> => {
      for (let object = missing.shift(); object !== undefined; object = missing.shift()) {
        const before = fetched.get(object.key);
        const file = await this.#fetchOne(client, object, signal).catch((error: unknown) => {
          missing.length = 0;
          throw error;
        });
        fetched.set(object.key, { etag: object.etag, file });
        if (before !== undefined && before !== this.#fetched.get(object.key)) {
          await removeFiles(pathsOf([['', before]]));
        }
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
      await client.download(object, path, signal);
      return { name, path };
    }
    const text = utf8Text(await client.read(object, signal));
    if (text === null) throw new SourceError(`object ${shown(key)} is not a text in UTF-8`);
    return { name, text };
  }

  async #keep({ version, objects }: BucketListing, fetched: Map<string, Fetched>): Promise<void> {
    const kept = new Map(objects.map(({ key }) => [key, fetched.get(key)!]));
    await removeFiles([...this.#leaving, ...pathsOf(fetched, new Map([...this.#fetched, ...kept]))]);
    this.#leaving = pathsOf(this.#fetched, kept);
    this.#fetched = kept;
    this.#version = version;
    const files = [...kept.values()].map(({ file }) => file);
    this.#view = { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
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

/** Paths of those files that `besides` does not hold as well. */
function pathsOf(
  fetched: Iterable<[string, Fetched]>,
  besides: ReadonlyMap<string, Fetched> = new Map(),
): string[] {
  const paths: string[] = [];
  for (const [key, each] of fetched) {
    if ('path' in each.file && besides.get(key) !== each) paths.push(each.file.path);
  }
  return paths;
}

async function removeFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

/** A folder of this process alone. It goes with the process, however that ends itself. */
class TemporaryFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'taz-'));
  #files = 0;

  constructor() {
    process.on('exit', this.#removeNow);
  }

  newPath(): string {
    return join(this.#path, String(++this.#files));
  }

  remove(): void {
    process.off('exit', this.#removeNow);
    this.#removeNow();
  }

  readonly #removeNow = (): void => rmSync(this.#path, { recursive: true, force: true });
}
