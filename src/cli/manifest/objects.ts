import { API_VERSION, KIND } from '../../api/loadtest.ts';
import { formatProblem, type Problem } from '../../api/problem.ts';
import { closest } from '../../api/suggestion.ts';
import { described, isNot, named } from '../../api/wording.ts';
import { isFields } from '../../api/written.ts';
import type { Data } from '../../source/surroundings.ts';
import { configMapData, secretData } from './data-objects.ts';

/** One object of a manifest file, with the place it came from. */
export interface PlacedObject {
  file: string;
  kind: string;
  /** Empty where it has none. */
  name: string;
  /** `default` where it has none. */
  namespace: string;
  object: Record<string, unknown>;
}

/** The objects of some manifest files, by what Taz does with them. */
export interface SortedObjects {
  loadtests: PlacedObject[];
  configMaps: (PlacedObject & { data: Data })[];
  secrets: (PlacedObject & { data: Data })[];
  /** Objects of other kinds. */
  ignored: PlacedObject[];
  /** Everything that is wrong, one line each, with file. */
  problems: string[];
}

/** Sorts the documents of files; objects within a List count as documents. LoadTests are not checked here. */
export function sortObjects(documents: { file: string; value: unknown }[]): SortedObjects {
  const sorted: SortedObjects = { loadtests: [], configMaps: [], secrets: [], ignored: [], problems: [] };
  for (const { file, value } of documents.flatMap(unpackList)) {
    if (!isFields(value)) {
      sorted.problems.push(
        `${file}: ${described(value)} is not an object with apiVersion, kind, metadata and spec`,
      );
      continue;
    }
    if (typeof value.kind !== 'string') {
      sorted.problems.push(`${file}: kind: ${isNot(value.kind, `a kind such as ${KIND}`)}`);
      continue;
    }
    sortObject(place(file, value, value.kind), sorted);
  }
  return sorted;
}

/** Kind and name, as messages speak of an object. */
export function displayName({ kind, name }: PlacedObject): string {
  return name === '' ? named(kind) : `${named(kind)} ${named(name)}`;
}

function sortObject(placed: PlacedObject, sorted: SortedObjects): void {
  const { file, kind, name, object } = placed;
  const core = object['apiVersion'] === 'v1';
  if (kind === KIND) sorted.loadtests.push(placed);
  else if (core && (kind === 'ConfigMap' || kind === 'Secret')) {
    const problems: Problem[] = [];
    const data = kind === 'Secret' ? secretData(object, problems) : configMapData(object, problems);
    const list = kind === 'Secret' ? sorted.secrets : sorted.configMaps;
    if (name === '') problems.push({ path: 'metadata.name', value: undefined, message: 'is missing' });
    else if (list.some((other) => other.name === name && other.namespace === placed.namespace)) {
      problems.push({ path: 'metadata.name', value: name, message: `${described(name)} is there twice` });
    }
    sorted.problems.push(
      ...problems.map((problem) => `${file}: ${displayName(placed)}: ${formatProblem(problem)}`),
    );
    list.push({ ...placed, data });
  } else if (String(object['apiVersion']).startsWith('taz.dev/') || closest(kind, [KIND]) !== null) {
    sorted.problems.push(`${file}: kind: ${described(kind)} is not ${KIND} (apiVersion: ${API_VERSION})`);
  } else sorted.ignored.push(placed);
}

function unpackList(document: { file: string; value: unknown }): { file: string; value: unknown }[] {
  const { file, value } = document;
  if (!isFields(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List')) return [document];
  if (!Array.isArray(value.items)) return [document];
  // The items of a list that was read from an API server may leave their kind to the list.
  const inherited =
    value.kind === 'List' ? {} : { apiVersion: value.apiVersion, kind: value.kind.slice(0, -'List'.length) };
  return value.items.map((item) => ({ file, value: isFields(item) ? { ...inherited, ...item } : item }));
}

function place(file: string, object: Record<string, unknown>, kind: string): PlacedObject {
  const metadata = isFields(object['metadata']) ? object['metadata'] : {};
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : '';
  return { file, kind, name, namespace: namespace === '' ? 'default' : namespace, object };
}
