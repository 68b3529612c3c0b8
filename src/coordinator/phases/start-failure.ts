import type { ContentChange } from '../content/content-change.ts';
import type { Crew } from '../crew/crew.ts';
import type { RunMemory } from '../run-memory.ts';
import type { WorkerPool } from '../worker-pool.ts';

/** Why a run could not start in time, in words. */
export interface StartFailure {
  /** What was not. */
  what: string;
  why: string;
}

/** @returns null: there is something to send, or it is not known why there is not */
export function missingContent(contents: ContentChange, kind: string): StartFailure | null {
  if (contents.current !== null || contents.lastError === '') return null;
  return { what: `there were no ${kind} to send`, why: contents.lastError };
}

/** @returns null: the run can be saved */
export function missingMemory(memory: RunMemory): StartFailure | null {
  return memory.failing ? { what: 'the run could not be saved', why: memory.trouble } : null;
}

/** @param count how many workers there should be */
export function missingWorkers(crew: Crew, count: number, pool: WorkerPool): StartFailure {
  const missing: string[] = [];
  for (let index = 0; index < count; index++) {
    const member = crew.newest(index);
    if (member === undefined || member.able) continue;
    const why = member.problem || (member.gone ? '' : pool.trouble(member.worker));
    missing.push(`${member.name} is not ready${why === '' ? '' : ` (${why})`}`);
  }
  return { what: 'not all workers were ready', why: missing.join(', ') };
}
