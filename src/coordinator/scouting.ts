import type { ContentChange } from './content-change.ts';
import type { Member } from './member.ts';
import type { ScoutingOrder } from './protocol.ts';

/** Which worker of a run looks for what is sent: the live one of the lowest index that has called, as long as it stays. */
export class Scouting {
  readonly #content: ContentChange;
  #order: ScoutingOrder | null = null;
  #scout: Member | null = null;

  constructor(content: ContentChange) {
    this.#content = content;
  }

  /** The newest order; null: none was given. */
  get order(): ScoutingOrder | null {
    return this.#order;
  }

  /** Where to look from now on. @returns false: that is known */
  lookAt(order: ScoutingOrder): boolean {
    const isNew = order.digest !== this.#order?.digest;
    this.#order = order;
    return isNew;
  }

  /** @returns the worker that is to look, where it is another than before */
  choose(members: readonly Member[]): Member | null {
    if (this.#order === null || (this.#scout !== null && canScout(this.#scout))) return null;
    this.#scout = lowest(members.filter(canScout));
    return this.#scout;
  }

  /** Digest of the order for one member; null: it is not its task. */
  orderFor(member: Member): string | null {
    return member === this.#scout ? (this.#order?.digest ?? null) : null;
  }

  /** Digest of the set that one member shall tell, because it is missing here; null: none. */
  wantedOf(member: Member, members: readonly Member[]): string | null {
    const { wanted } = this.#content;
    if (wanted === null || !holds(member, wanted)) return null;
    return member === lowest(members.filter((each) => each.live && each.heard && holds(each, wanted)))
      ? wanted
      : null;
  }
}

function canScout({ live, heard, state }: Member): boolean {
  return live && heard && state !== 'leaving';
}

function holds({ content }: Member, digest: string): boolean {
  return content.running === digest || content.prepared === digest;
}

function lowest(members: readonly Member[]): Member | null {
  return members.reduce<Member | null>(
    (best, member) => (best === null || member.worker.index < best.worker.index ? member : best),
    null,
  );
}
