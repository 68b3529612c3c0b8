import type { Member } from '../crew/member.ts';
import type { ScoutingOrder } from '../protocol.ts';
import type { ContentChange } from './content-change.ts';

/**
 * Which worker of a run looks for what is sent: the live one of the lowest index that has called, as long as it stays. It
 * begins anew where a set was lost, with this process or with all workers that had it.
 */
export class Scouting {
  readonly #content: ContentChange;
  readonly #epoch: number;
  #order: ScoutingOrder | null = null;
  #scout: Member | null = null;
  /** How often a set was lost. */
  #losses = 0;

  constructor(content: ContentChange, epoch: number) {
    this.#content = content;
    this.#epoch = epoch;
  }

  /** Digest of the newest order, as workers hear of it; null: none was given. */
  get digest(): string | null {
    return this.#order === null ? null : `${this.#order.digest}-${this.#epoch}-${this.#losses}`;
  }

  /** The newest order, as it stands now; null: that is not its digest. */
  find(digest: string): ScoutingOrder | null {
    if (this.#order === null || digest !== this.digest) return null;
    return { ...this.#order, digest, known: this.#content.known };
  }

  /** Where to look from now on. @returns false: that is known */
  lookAt(order: ScoutingOrder): boolean {
    const isNew = order.digest !== this.#order?.digest;
    this.#order = order;
    return isNew;
  }

  /** Forgets a set of which no worker holds the text that is missing here. @returns whether there was one */
  forgetLost(members: readonly Member[]): boolean {
    const { wanted } = this.#content;
    const live = members.filter((member) => member.live);
    if (wanted === null || this.#order === null || live.length === 0) return false;
    if (live.some((member) => !member.heard || holds(member, wanted))) return false;
    this.#content.forget(wanted);
    this.#losses++;
    return true;
  }

  /** @returns the worker that is to look, where it is another than before */
  choose(members: readonly Member[]): Member | null {
    if (this.#order === null || (this.#scout !== null && canScout(this.#scout))) return null;
    this.#scout = lowest(members.filter(canScout));
    return this.#scout;
  }

  /** Digest of the order for one member; null: it is not its task. */
  orderFor(member: Member): string | null {
    return member === this.#scout ? this.digest : null;
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
