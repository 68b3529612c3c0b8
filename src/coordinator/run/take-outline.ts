import type { RunOutline } from '../snapshot.ts';
import type { Run } from './run.ts';

/** @param saveError why the run cannot be saved, in words; empty while it can */
export function takeOutline(run: Run, saveError: string): RunOutline {
  const { spec, terms, life, course, content, crew } = run;
  const { plan, startAt } = course;
  const uncertain = run.uncertainStart.course;
  const newest = Array.from({ length: terms.workers }, (_, index) => crew.newest(index));
  const able = crew.members.filter((member) => member.able);
  return {
    // A start that may have been heard is taken for one that was, until it is known that it was not.
    phase: uncertain === null ? life.phase : 'Running',
    reason: life.ending?.reason ?? '',
    suspended: plan?.suspendedAt(course.runMs(run.clock.now())) ?? spec.suspend,
    startedAt: startAt === null ? (uncertain?.startAt ?? null) : startAt + run.wallOffset,
    digest: content.current?.digest ?? null,
    contentError: content.lastError,
    restoring: uncertain !== null,
    saveError,
    complete: crew.members.every(({ live, heard, incarnation }) => !live || heard || incarnation === null),
    ready: new Set(able.map(({ worker }) => worker.index)).size,
    missing: newest.flatMap((member) =>
      member === undefined || member.able || member.state === 'leaving' ? [] : [member.worker],
    ),
  };
}
