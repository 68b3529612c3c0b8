import type { Course } from '../course/course.ts';
import type { Crew } from '../crew/crew.ts';
import type { Member } from '../crew/member.ts';
import type { Run } from './run.ts';
import { describe } from './take-snapshot.ts';

const EVERY_MS = 1000;
/** A last word that was on its way when its process ended has come by then, in ms. */
const ON_ITS_WAY_MS = 2000;
/** Who is out of sight for so long has nothing more to say, in ms. */
const OUT_OF_SIGHT_MS = 10 * 60_000;
/** A process that gave its last word has ended by then, or is of no interest, in ms. */
const GOES_WITHIN_MS = 60_000;

/**
 * Brings together what can not change any more: counts of the lost, parts of the course that nobody needs, members whose
 * part is over. So a run that changes for ever is remembered in as much room as one that has begun.
 */
export class Tidying {
  readonly #run: Run;
  /** Clock time, in ms. */
  #doneAt = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** To be called from time to time: does it once a second. @param now clock time, in ms */
  review(now: number): void {
    if (now - this.#doneAt < EVERY_MS) return;
    this.#doneAt = now;
    this.#tidy(this.#run.life.stoppedAt ?? now);
  }

  #tidy(now: number): void {
    const { course, crew, terms } = this.#run;
    for (const member of crew.members) {
      if (member.state === 'lost' && canSayNoMore(member, now)) crew.base.takeCounts(member);
    }
    course.settle(crew.members, now, terms.silentMs, ({ closed }) => closed);
    for (const member of crew.members.filter((each) => isOver(each, course, crew, now))) {
      crew.base.take(member, describe(member, 0));
      crew.forget(member);
    }
  }
}

function canSayNoMore({ endedAt, gone }: Member, now: number): boolean {
  return now - endedAt! > (gone ? ON_ITS_WAY_MS : OUT_OF_SIGHT_MS);
}

function isOver(member: Member, course: Course, crew: Crew, now: number): boolean {
  const { state, closed, saved, gone, released, endedAt } = member;
  if (!closed || (state === 'ended' && !saved)) return false;
  if (!gone && now - endedAt! < (state === 'ended' ? GOES_WITHIN_MS : OUT_OF_SIGHT_MS)) return false;
  // The newest of an index is the one of which a successor is made, unless none is due to it.
  if (crew.newest(member.worker.index) === member && !released) return false;
  return !course.names(member);
}
