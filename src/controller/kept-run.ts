import { parseLoadTest } from '../api/parse.ts';
import { RECORD_FORMAT, type RunRecord } from '../coordinator/run-record.ts';
import type { LoadTestObject } from '../kube/resources.ts';
import type { Summary } from '../report/summary.ts';
import { type Ended, endedOf } from './ended.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** Keys of a test's ConfigMap, besides that of the authority. */
export const RUN_KEY = 'run.json';
export const TEST_KEY = 'test.json';
export const RESULT_KEY = 'result.json';

/** What is kept of a test beside the run's own record. */
export interface TestRecord {
  /** Id of the run. */
  run: string;
  /** The spec as the run has taken it over. */
  spec: unknown;
  /** Image that its workers started with: a bounded run keeps it. */
  image: string;
}

/** What the ConfigMap of a test tells of its last run. */
export type Kept =
  | { kind: 'ended'; ended: Ended }
  /** `restored` null: it was stored, and nothing has happened in it yet. */
  | { kind: 'running'; record: TestRecord; applied: Wanted; restored: RunRecord | null };

/** @param texts data of the ConfigMap. @returns why nothing can be made of it, in words */
export function readKept(object: LoadTestObject, texts: Readonly<Record<string, string>>): Kept | string {
  if (texts[TEST_KEY] === undefined) return `its ConfigMap has no ${TEST_KEY}`;
  try {
    const record = JSON.parse(texts[TEST_KEY]) as TestRecord;
    const applied = appliedOf(object, record);
    const summary = JSON.parse(texts[RESULT_KEY] ?? 'null') as Summary | null;
    if (summary?.run === record.run) return { kind: 'ended', ended: endedOf(summary, applied.key) };
    const restored = JSON.parse(texts[RUN_KEY] ?? 'null') as RunRecord | null;
    if (restored !== null && (restored.format !== RECORD_FORMAT || restored.run !== record.run)) {
      return `its ${RUN_KEY} is of another version or run`;
    }
    return { kind: 'running', record, applied, restored };
  } catch (error) {
    return `its ConfigMap cannot be read: ${(error as Error).message}`;
  }
}

/** @throws Error where it was written by a version that knew another schema */
function appliedOf({ apiVersion, kind, metadata }: LoadTestObject, { spec }: TestRecord): Wanted {
  const { name, namespace = '' } = metadata;
  return wantedOf(parseLoadTest({ apiVersion, kind, metadata: { name, namespace }, spec }));
}
