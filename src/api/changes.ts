import { isDeepStrictEqual } from 'node:util';
import { CHANGE_CLASSES, type ChangeClass } from './change-classes.ts';
import type { LoadTest } from './loadtest.ts';
import { Http } from './schema/protocols.ts';
import { isFields } from './written.ts';

/** A field in which two forms of a test differ. */
export interface FieldChange {
  /** With the places of list entries, in the new form where they are there: `spec.stages[1].to`. */
  path: string;
  class: ChangeClass;
}

/** From what is done in place to what ends the run. */
const WEIGHT: Readonly<Record<ChangeClass, number>> = { hot: 0, rolling: 1, 'next run': 2, 'new run': 3 };

const PROTOCOLS = ['http', 'kafka', 'nsq'] as const;

/**
 * Everything in which two forms of a test differ, defaults counted as if they were written. A map that comes or goes is
 * one change, and so is each field in it that weighs more than the map. Variables are told apart by their names, entries
 * of other lists by their places.
 */
export function changesBetween(before: LoadTest, after: LoadTest): FieldChange[] {
  return [...differences(withProtocol(before.spec), withProtocol(after.spec), 'spec', 'spec')];
}

function withProtocol(spec: LoadTest['spec']): LoadTest['spec'] {
  return PROTOCOLS.some((name) => spec[name] !== undefined) ? spec : { ...spec, http: Http.parse({}) };
}

/** @param field the path without places, as the table of classes has it */
function* differences(before: unknown, after: unknown, path: string, field: string): Generator<FieldChange> {
  if (isDeepStrictEqual(before, after)) return;
  if (isFields(before) && isFields(after) && hasFields(field)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[name], after[name], `${path}.${name}`, `${field}.${name}`);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && hasFields(`${field}[]`)) {
    for (const [one, other, place] of pairs(before, after)) {
      yield* differences(one, other, `${path}[${place}]`, `${field}[]`);
    }
  } else {
    const own = classOf(field);
    yield { path, class: own };
    const inside = new Map<string, FieldChange>();
    for (const value of [before, after]) {
      for (const each of within(value, path, field)) inside.set(each.path, each);
    }
    for (const each of inside.values()) if (WEIGHT[each.class] > WEIGHT[own]) yield each;
  }
}

/** Entries that belong together, with the place of the later one where it is there: by name where all have one. */
function pairs(before: unknown[], after: unknown[]): [before: unknown, after: unknown, place: number][] {
  const names = [...before, ...after].map((entry) => (isFields(entry) ? entry['name'] : undefined));
  if (!names.every((name) => typeof name === 'string')) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => [before[i], after[i], i]);
  }
  const placeIn = (list: unknown[], name: unknown) =>
    list.findIndex((entry) => isFields(entry) && entry['name'] === name);
  return [...new Set(names)].map((name) => {
    const [was, is] = [placeIn(before, name), placeIn(after, name)];
    return [before[was], after[is], is === -1 ? was : is];
  });
}

/** Every field inside of a value. */
function* within(value: unknown, path: string, field: string): Generator<FieldChange> {
  if (Array.isArray(value)) {
    for (const [place, entry] of value.entries()) yield* within(entry, `${path}[${place}]`, `${field}[]`);
  } else if (isFields(value) && hasFields(field)) {
    for (const [name, each] of Object.entries(value)) {
      if (each === undefined) continue;
      yield { path: `${path}.${name}`, class: classOf(`${field}.${name}`) };
      yield* within(each, `${path}.${name}`, `${field}.${name}`);
    }
  }
}

function hasFields(field: string): boolean {
  return Object.keys(CHANGE_CLASSES).some((path) => path.startsWith(`${field}.`));
}

/** Of an entry that comes or goes, it is the list's. */
function classOf(field: string): ChangeClass {
  return CHANGE_CLASSES[field.replace(/\[\]$/, '')]!;
}
