import type { Course } from '../course/course.ts';
import type { PoolWorker } from '../worker-pool.ts';
import type { Crew } from './crew.ts';
import type { Member } from './member.ts';

/** Marks the live members to be replaced, but for those that may stay. @returns false: they are marked so already */
export function outdate(members: readonly Member[], keep: (worker: PoolWorker) => boolean): boolean {
  let isNews = false;
  for (const member of members) {
    const outdated = member.live && !keep(member.worker);
    isNews ||= outdated !== member.outdated;
    member.outdated = outdated;
  }
  return isNews;
}

/**
 * Replaces the members that are outdated, one after another: while one is succeeded, the others wait.
 *
 * @param count how many workers there shall be
 * @param graceMs after which one is killed that has no hits and is not needed
 */
export function rollOn(course: Course, crew: Crew, count: number, graceMs: number): void {
  const outdated = crew.members.filter(({ gone, outdated: isOutdated }) => isOutdated && !gone);
  const isSucceeded = (member: Member) => crew.newest(member.worker.index) !== member;
  const next = outdated
    .filter((member) => member.live && !isSucceeded(member) && member.worker.index < count)
    .toSorted((one, other) => one.worker.index - other.worker.index)
    .at(0);
  if (next === undefined) return;
  if (!course.concerns(next)) crew.discard(next, graceMs);
  else if (outdated.some(isSucceeded)) return;
  crew.startNext(next.worker.index);
}
