import type { Clock } from '../attack/clock.ts';
import type { Member } from './member.ts';
import { type Assignment, isNewer, type SyncRequest, type SyncResponse, type Version } from './protocol.ts';

export interface AnswersOptions {
  clock: Clock;
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
  assignment(member: Member): Assignment;
  /** The run has no use for this member any more. */
  dismissed(member: Member): boolean;
}

/** Answers to workers: at once when there is something new, else a call is held for a while. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #clock: Clock;
  readonly #held = new Set<() => void>();
  #version: Version = { epoch: 1, n: 1 };

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#clock = options.clock;
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

  /** Answers every call that is being held. */
  flush(): void {
    for (const answer of this.#held) answer();
  }

  /** @param usable whether the call's report could be used */
  give(member: Member, request: SyncRequest, usable: boolean): Promise<SyncResponse> {
    const isNews = member.live && isNewer(this.#version, request.received);
    if (request.urgent || !usable || !member.live || isNews) {
      return Promise.resolve(this.#answer(member, request, 0, usable));
    }
    return this.#hold(member, request);
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

  #hold(member: Member, request: SyncRequest): Promise<SyncResponse> {
    const since = this.#clock.now();
    return new Promise((resolve) => {
      const answer = (): void => {
        clearTimeout(timer);
        this.#held.delete(answer);
        resolve(this.#answer(member, request, this.#clock.now() - since, true));
      };
      const timer = setTimeout(answer, this.#options.news.holdMs());
      this.#held.add(answer);
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
      assignment: isNewer(this.#version, request.received) ? news.assignment(member) : null,
      dismissed: news.dismissed(member),
      saved: member.state === 'ended',
      scouting: null,
      wanted: null,
    };
  }
}
