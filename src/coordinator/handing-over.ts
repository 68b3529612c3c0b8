import type { Answers } from './answers.ts';
import type { Naming } from './naming.ts';
import { isNewer } from './protocol.ts';
import type { Run } from './run/run.ts';
import type { RunMemory } from './run-memory.ts';

/** How long a run may take to be left in good order, and how often that is looked at, in ms. */
const LONGEST_MS = 2000;
const LOOK_MS = 20;

/** Resolves when all of a run is saved and all its workers have heard it, or 2 s later. */
export async function inGoodOrder(
  { clock, crew }: Run,
  memory: RunMemory,
  naming: Naming,
  answers: Answers,
): Promise<void> {
  let isSaved = false;
  memory.save(() => {
    isSaved = true;
  });
  // No worker stands behind a fence, as far as they have told.
  const isHeard = (): boolean =>
    crew.speaking.every(({ acknowledged }) => !isNewer(answers.version, acknowledged));
  const isDone = (): boolean => isSaved && !naming.isUnderWay && isHeard();
  const until = clock.now() + LONGEST_MS;
  while (!isDone() && clock.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
