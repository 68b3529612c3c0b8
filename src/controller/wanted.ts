import { changesBetween, type FieldChange } from '../api/changes.ts';
import type { LoadTest } from '../api/loadtest.ts';
import { parseLoadTest } from '../api/parse.ts';
import { formatProblem, ProblemsError } from '../api/problem.ts';
import type { RunSpec } from '../api/run-spec.ts';
import { toRunSpec } from '../api/to-run-spec.ts';
import type { LoadTestObject } from '../kube/resources.ts';
import { runKey } from './run-key.ts';

/** A test that can be carried out, as far as its spec says. */
export interface Wanted {
  loadtest: LoadTest;
  spec: RunSpec;
  /** Which run it asks for, see `runKey`. */
  key: string;
}

/** @returns what is wrong with the spec, in words, where it cannot be carried out */
export function readWanted(object: LoadTestObject): Wanted | string {
  const { apiVersion, kind, spec } = object;
  const { name, namespace = '' } = object.metadata;
  try {
    return wantedOf(parseLoadTest({ apiVersion, kind, metadata: { name, namespace }, spec }));
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems.map(formatProblem).join('; ');
    throw error;
  }
}

/** @throws ProblemsError naming each field that Taz cannot do */
export function wantedOf(loadtest: LoadTest): Wanted {
  return { loadtest, spec: toRunSpec(loadtest), key: runKey(loadtest) };
}

/** Whether a test has no end of its own. */
export function isPersistent({ spec }: Wanted): boolean {
  const sendsOnce = spec.source.kind === 'targets' && !spec.source.loop;
  return spec.durationMs === null && spec.schedule.kind !== 'stages' && !sendsOnce;
}

/** What becomes of a run whose test is edited. */
export interface Change {
  /** What the run has taken over once it is done. */
  applied: Wanted;
  /** Its fields cannot be changed in a run: this one ends, and another starts. */
  newRun: FieldChange[];
  changed: FieldChange[];
}

/**
 * How a run that goes on follows its test. A new `spec.run` asks for another run after this one: it stays as it was
 * applied, so that the keys differ at the end. @returns null: nothing has changed
 */
export function changeOf(applied: Wanted, wanted: Wanted): Change | null {
  const changed = changesBetween(applied.loadtest, wanted.loadtest).filter(({ path }) => path !== 'spec.run');
  if (changed.length === 0) return null;
  const { run } = applied.loadtest.spec;
  const { run: _, ...spec } = wanted.loadtest.spec;
  const loadtest = { ...wanted.loadtest, spec: run === undefined ? spec : { ...spec, run } };
  return {
    applied: { ...wanted, loadtest, key: runKey(loadtest) },
    newRun: changed.filter((change) => change.class === 'new run'),
    changed,
  };
}
