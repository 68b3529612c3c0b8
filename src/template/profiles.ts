import { newId, newShortId } from './ids.ts';
import type { Random } from './random.ts';

/** The identifiers of one profile that one event carries. In templates: `set.HasEmail`, `set.GetEmail` or `set.email`. */
export class IdSet {
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  readonly email: string | undefined;

  constructor(ids: { userId?: string; anonymousId?: string; email?: string }) {
    this.userId = ids.userId;
    this.anonymousId = ids.anonymousId;
    this.email = ids.email;
  }

  get HasUserId(): boolean {
    return this.userId !== undefined;
  }
  get GetUserId(): string | undefined {
    return this.userId;
  }
  get HasAnonymousId(): boolean {
    return this.anonymousId !== undefined;
  }
  get GetAnonymousId(): string | undefined {
    return this.anonymousId;
  }
  get HasEmail(): boolean {
    return this.email !== undefined;
  }
  get GetEmail(): string | undefined {
    return this.email;
  }
}

/**
 * Synthetic profiles for services that build one view of a customer from many events.
 *
 * A profile is one user id, one or two emails and one to three anonymous ids, and a list of identifier sets. Two laws
 * hold for its sets: together they connect all its identifiers (join identifiers that stand in one set: the graph is
 * connected), and each holds a user id or an anonymous id, without which an event could not be attributed.
 * A draw takes a random profile and one of its sets that were not drawn yet; when that was the last one, a fresh profile
 * stands in its place, so that the pool's size holds.
 *
 * Shapes and draws come from `random` and repeat under a seed. The identifiers are unique over all profiles, lanes
 * and runs and never repeat.
 */
export class ProfilePool {
  /** Profiles in the pool. */
  readonly size: number;
  readonly #random: Random;
  /** By place in the pool, the sets not drawn yet. A profile is made when its place is first drawn: no start-up cost. */
  readonly #profiles = new Map<number, IdSet[]>();

  /** @param options.size at least 1 */
  constructor(options: { size: number; random: Random }) {
    if (!Number.isSafeInteger(options.size) || options.size < 1) {
      throw new RangeError(`a pool of ${options.size} profiles cannot be: it takes a whole number from 1 on`);
    }
    this.size = options.size;
    this.#random = options.random;
  }

  select(): IdSet {
    const at = this.#random.int(this.size);
    let sets = this.#profiles.get(at);
    if (sets === undefined) {
      sets = createProfile(this.#random);
      this.#profiles.set(at, sets);
    }
    const set = takeAny(sets, this.#random);
    if (sets.length === 0) this.#profiles.delete(at);
    return set;
  }
}

/**
 * How many of the run's profiles belong to lane `lane` (0, 1, …) of `lanes`: shares differ by at most one and add up to
 * `total`, save that each lane has at least one.
 */
export function profileShare(total: number, lane: number, lanes: number): number {
  return Math.max(1, Math.floor(total / lanes) + (lane < total % lanes ? 1 : 0));
}

/** The identifier sets of a fresh profile, in no particular order. */
function createProfile(random: Random): IdSet[] {
  const userId = newId();
  const emails = Array.from({ length: 1 + random.int(2) }, newEmail);
  const anonymousIds = Array.from({ length: 1 + random.int(3) }, newId);

  // A tree grows from the user id: each further identifier is joined by one set to one that is already in the tree.
  const sets: IdSet[] = [];
  const joined: { emails: string[]; anonymousIds: string[] } = { emails: [], anonymousIds: [] };
  while (emails.length + anonymousIds.length > 0) {
    const takesEmail = random.int(emails.length + anonymousIds.length) < emails.length;
    if (takesEmail) {
      const email = emails.pop()!;
      sets.push(new IdSet({ email, ...anyOf(userId, 'anonymousId', joined.anonymousIds, random) }));
      joined.emails.push(email);
    } else {
      const anonymousId = anonymousIds.pop()!;
      sets.push(new IdSet({ anonymousId, ...anyOf(userId, 'email', joined.emails, random) }));
      joined.anonymousIds.push(anonymousId);
    }
  }

  // Sets of one identifier join nothing, but real traffic is full of them: a visit before the login, a call by a server.
  if (random.int(2) === 0) sets.push(new IdSet({ userId }));
  if (random.int(2) === 0) {
    sets.push(new IdSet({ anonymousId: joined.anonymousIds[random.int(joined.anonymousIds.length)]! }));
  }
  return sets;
}

/** What a new identifier is joined to: the user id, one of `others`, or both. */
function anyOf(
  userId: string,
  kind: 'email' | 'anonymousId',
  others: string[],
  random: Random,
): { userId?: string; email?: string; anonymousId?: string } {
  if (others.length === 0) return { userId };
  const other = { [kind]: others[random.int(others.length)]! };
  const choice = random.int(3);
  return choice === 0 ? { userId } : choice === 1 ? other : { userId, ...other };
}

/** Of a domain that is reserved for examples (RFC 2606): no mail will ever reach a person. */
function newEmail(): string {
  return `${newShortId()}@example.com`;
}

/** Removes one element, each with the same chance; the order of the rest may change. */
function takeAny<T>(from: T[], random: Random): T {
  const at = random.int(from.length);
  const taken = from[at]!;
  const last = from.pop()!;
  if (at < from.length) from[at] = last;
  return taken;
}
