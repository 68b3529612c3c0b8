import type { Clock } from '../attack/clock.ts';
import type { Member } from './crew/member.ts';
import { NotServing } from './not-serving.ts';
import { type Assignment, isNewer, type SyncRequest, type SyncResponse, type Version } from './protocol.ts';

/** A call that would be answered too early is looked at again after this, in ms. */
const LOOK_AGAIN_MS = 20;

export interface AnswersOptions {
  clock: Clock;
  epoch: number;
  /** Wall clock minus clock, in ms. */
  wallOffset: number;
  /** What answers say beyond the call itself, at the instant at which they are given. */
  news: News;
}

/** What the coordinator has to say. */
export interface News {
  /** How long a call is held when there is nothing new, in ms. */
  holdMs(): number;
  leaseMs(): number;
  /** Assignments may be told. */
  tells(): boolean;
  /** @param version of the newest assignment */
  assignment(member: Member, version: Version): Assignment;
  /** The run has no use for this member any more. */
  dismissed(member: Member): boolean;
  /** Live members must not be answered now. */
  holdsBack(): boolean;
  scouting(member: Member): string | null;
  wanted(member: Member): string | null;
}

/** A call that waits for its answer. */
interface Held {
  member: Member;
  answer: () => void;
  refuse: () => void;
}

/** Answers to workers: at once when there is something new, else a call is held for a while. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #clock: Clock;
  readonly #held = new Set<Held>();
  #version: Version;
  #closed = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#version = { epoch: options.epoch, n: 1 };
  }

  /** Of the newest assignment. */
  get version(): Version {
    return this.#version;
  }

  /** Assignments have changed: everybody is told at once. */
  publish(): void {
    this.#version = { ...this.#version, n: this.#version.n + 1 };
    this.flush();
  }

  /** Answers every call that is being held, or those of one member. */
  flush(member?: Member): void {
    for (const held of this.#held) if (member === undefined || held.member === member) held.answer();
  }

  /** Refuses every call, those that are being held too. */
  close(): void {
    this.#closed = true;
    for (const held of this.#held) held.refuse();
  }

  /**
   * @param usable whether the call's report could be used
   * @throws NotServing when another coordinator has the run
   */
  give(member: Member, request: SyncRequest, usable: boolean): Promise<SyncResponse> {
    if (this.#closed) return Promise.reject(new NotServing());
    const isPressing = request.urgent || !usable || this.#isNews(request);
    const waits = member.live
      ? !isPressing || this.#options.news.holdsBack()
      : member.state === 'ended' && !member.saved;
    if (!waits) return Promise.resolve(this.#answer(member, request, 0, usable));
    return this.#hold(member, request, usable);
  }

  /** For a caller that is no member of this run. */
  dismissal(): SyncResponse {
    return {
      now: this.#clock.now() + this.#options.wallOffset,
      heldMs: 0,
      leaseMs: this.#options.news.leaseMs(),
      acknowledged: 0,
      resync: false,
      assignment: null,
      dismissed: true,
      saved: true,
      scouting: null,
      wanted: null,
    };
  }

  #hold(member: Member, request: SyncRequest, usable: boolean): Promise<SyncResponse> {
    const { news } = this.#options;
    const since = this.#clock.now();
    return new Promise((resolve, reject) => {
      const held: Held = {
        member,
        answer: () => {
          clearTimeout(timer);
          if (member.live && news.holdsBack()) {
            timer = setTimeout(held.answer, LOOK_AGAIN_MS);
            return;
          }
          this.#held.delete(held);
          resolve(this.#answer(member, request, this.#clock.now() - since, usable));
        },
        refuse: () => {
          clearTimeout(timer);
          this.#held.delete(held);
          reject(new NotServing());
        },
      };
      const isPressing = request.urgent || !usable;
      let timer = setTimeout(held.answer, member.live && isPressing ? LOOK_AGAIN_MS : news.holdMs());
      this.#held.add(held);
    });
  }

  #answer(member: Member, request: SyncRequest, heldMs: number, usable: boolean): SyncResponse {
    const { news, wallOffset } = this.#options;
    const now = this.#clock.now();
    member.answeredAt = now;
    return {
      now: now + wallOffset,
      heldMs,
      leaseMs: news.leaseMs(),
      acknowledged: member.reported,
      resync: !usable,
      assignment: this.#isNews(request) ? news.assignment(member, this.#version) : null,
      dismissed: news.dismissed(member),
      saved: member.saved || (member.state === 'lost' && member.closed),
      scouting: news.scouting(member),
      wanted: news.wanted(member),
    };
  }

  #isNews({ received }: SyncRequest): boolean {
    return this.#options.news.tells() && isNewer(this.#version, received);
  }
}
