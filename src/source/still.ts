import { setTimeout as pause } from 'node:timers/promises';
import { MovedError } from './source-error.ts';

/** What there is, before it is read. */
export interface Listing {
  /** Another text whenever anything of it is another. */
  version: string;
}

export interface Still<L extends Listing, T> {
  /** @throws MovedError when something is half-way through being exchanged */
  list: () => Promise<L>;
  /** Reads what is listed. @throws MovedError when some of it is gone or another */
  read: (listing: L) => Promise<T>;
  /** How long a listing has to stay the same, in ms: others may be half-way through writing several files. */
  settleMs: number;
  signal: AbortSignal;
}

/** How often what moves is listed and read. */
const ATTEMPTS = 5;

/**
 * Reads several files as they stood together: what is listed is read, then listed again; if that is another list, the
 * newer one is read.
 * @param first a listing of just now
 * @throws MovedError when it does not stay the same for long enough, a few times; else what `list` and `read` throw
 */
export async function readStill<L extends Listing, T>(
  first: L,
  { list, read, settleMs, signal }: Still<L, T>,
): Promise<{ listing: L; value: T }> {
  let listing = first;
  let moved = new MovedError('it keeps changing while it is being read');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const settled = pause(settleMs, undefined, { signal });
    const [value] = await Promise.all([read(listing).catch(movedOrThrow), settled]);
    const after = await listStill(list, settleMs, signal);
    if (!(value instanceof MovedError) && after.version === listing.version) return { listing, value };
    if (value instanceof MovedError) moved = value;
    listing = after;
  }
  throw moved;
}

/** Lists again, a few times, while something is not there that was a moment ago. @throws what `list` throws */
export async function listStill<L>(
  list: () => Promise<L>,
  settleMs: number,
  signal: AbortSignal,
): Promise<L> {
  for (let attempt = 1; ; attempt++) {
    const listing = await list().catch(movedOrThrow);
    if (!(listing instanceof MovedError)) return listing;
    if (attempt === ATTEMPTS) throw listing;
    await pause(settleMs, undefined, { signal });
  }
}

function movedOrThrow(error: unknown): MovedError {
  if (error instanceof MovedError) return error;
  throw error;
}
