import type { LoadTestStatus } from '../../api/status.ts';
import type { LoadTestObject } from '../../kube/resources.ts';
import type { Summary } from '../../report/summary.ts';
import type { Ended } from '../ended.ts';
import { conditionsOf, dated, type RunFindings } from './conditions.ts';
import { figuresOf, votesOf } from './figures.ts';
import { phaseOf, type TestKind, type TestState } from './test-state.ts';

/** What a status is made from. */
export interface TestView {
  state: TestState;
  /** The run that goes on; null: none. */
  run: RunningView | null;
  /** The last run, where none goes on; null: there was none. */
  ended: Omit<Ended, 'lost'> | null;
  /** The status that was written last; null: none. */
  before: LoadTestStatus | null;
  now: Date;
}

export interface RunningView {
  /** Its id. */
  id: string;
  /** Of the spec that it has taken over. */
  key: string;
  figures(): RunFigures;
  /** Worker to the instant of its first vote. */
  votesSince: ReadonlyMap<string, string>;
  workers: { desired: number; ready: number; replicas: number };
  /** The set that hits are made from has come. */
  templatesLoaded: boolean;
}

/** The figures of a run at one instant. */
export interface RunFigures {
  /** null: its counts are not whole yet, and what the status has of them stays. */
  summary: Summary | null;
  /** Hits a second of late; null: not known yet. */
  recentRate: number | null;
  /** When it will end, RFC 3339; null: it has no end, or none is known yet. */
  endsAt: string | null;
}

/** The whole status of a test. What of it stays as it was is taken over from the one before. */
export function statusOf(object: LoadTestObject, view: TestView, selector: string): LoadTestStatus {
  const { state, run, ended, before } = view;
  const generation = object.metadata.generation ?? 0;
  const figures = run?.figures() ?? null;
  const summary = figures === null ? (ended?.summary ?? null) : figures.summary;
  const told = before ?? {};
  const counted: LoadTestStatus =
    summary === null
      ? { ...pick(told, ['rate', 'counts', 'latency', 'success', 'templates', 'votes']) }
      : {
          ...figuresOf(summary, figures?.recentRate ?? null),
          votes: votesOf(summary, run?.votesSince ?? sinceOf(told)),
        };
  const findings = conditionsOf(state, kindOf(object), findingsOf(summary, run, told));
  return {
    observedGeneration: generation,
    phase: phaseOf(state),
    ...runStatus(view, summary, figures?.endsAt ?? null, told),
    ...counted,
    workers: { desired: 0, ready: 0, replicas: 0, ...run?.workers, selector },
    conditions: dated(findings, told.conditions ?? [], generation, instant(view.now)),
  };
}

function runStatus(
  { run, ended }: TestView,
  summary: Summary | null,
  endsAt: string | null,
  told: LoadTestStatus,
): Pick<LoadTestStatus, 'run'> {
  if (run !== null) {
    // What is not known yet after a change of leader stays as it was told.
    const startedAt = summary?.startedAt ?? (told.run?.id === run.id ? told.run.startedAt : undefined);
    return {
      run: {
        id: run.id,
        key: run.key,
        ...(startedAt === undefined ? {} : { startedAt: instant(new Date(startedAt)) }),
        ...(endsAt === null ? {} : { endsAt: instant(new Date(endsAt)) }),
      },
    };
  }
  if (ended === null) return told.run === undefined ? {} : { run: told.run };
  const same = told.run?.id === ended.run ? told.run : undefined;
  const startedAt = summary?.startedAt ?? same?.startedAt;
  return {
    run: {
      ...(ended.run === '' ? {} : { id: ended.run }),
      key: ended.key,
      ...(startedAt === undefined || startedAt === null ? {} : { startedAt: instant(new Date(startedAt)) }),
      finishedAt: instant(new Date(ended.finishedAt)),
      verdict: ended.verdict,
      reason: ended.reason.slice(0, 1024),
    },
  };
}

function findingsOf(summary: Summary | null, run: RunningView | null, told: LoadTestStatus): RunFindings {
  if (summary === null) {
    const was = (type: string) => told.conditions?.find((condition) => condition.type === type)?.status;
    const saturated = was('GeneratorSaturated');
    return {
      saturated: saturated === undefined ? null : saturated === 'True',
      templatesError: told.templates?.lastError ?? (was('TemplatesLoaded') === undefined ? null : ''),
      templatesLoaded: was('TemplatesLoaded') === 'True',
    };
  }
  const loaded = run?.templatesLoaded ?? summary.templates.digest !== '';
  const { lastError } = summary.templates;
  return {
    saturated: summary.startedAt === null ? null : summary.generatorSaturated,
    templatesError: lastError === '' && !loaded ? null : lastError,
    templatesLoaded: loaded,
  };
}

function kindOf({ spec }: LoadTestObject): TestKind {
  const stopWhen = spec['stopWhen'] as { onStop?: 'Ready' | 'Stall' } | undefined;
  const targets = spec['targets'] as { loop?: boolean } | undefined;
  const sendsOnce = targets !== undefined && targets.loop !== true;
  return {
    persistent: spec['duration'] === undefined && spec['stages'] === undefined && !sendsOnce,
    onStop: stopWhen?.onStop ?? 'Ready',
  };
}

function sinceOf({ votes }: LoadTestStatus): Map<string, string> {
  return new Map(
    (votes?.workers ?? []).flatMap(({ name, since }) => (since === undefined ? [] : [[name, since]])),
  );
}

/** As Kubernetes writes instants: without fractions. */
export function instant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  ) as Partial<Pick<T, K>>;
}
