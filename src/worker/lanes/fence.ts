/**
 * The instant from which on no due hit may be sent, so that the coordinator can name one for a change that no lane has
 * passed. A lane that does not follow the newest plan yet may be told to stop earlier but never to go further: the
 * instant of the change may lie in between.
 *
 * @param fence the one that holds now
 * @param answeredAt clock time of the newest answer, in ms
 * @param fenceMs how far beyond it hits may be sent while a change is being prepared; null: none is
 * @param following whether every lane follows the newest plan
 * @returns clock time in ms; Infinity: no fence
 */
export function fenceAt(
  fence: number,
  answeredAt: number,
  fenceMs: number | null,
  following: boolean,
): number {
  const wanted = fenceMs === null ? Number.POSITIVE_INFINITY : answeredAt + fenceMs;
  return following ? wanted : Math.min(fence, wanted);
}
