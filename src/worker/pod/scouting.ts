import type { Clock } from '../../attack/clock.ts';
import type { ScoutingOrder } from '../../coordinator/protocol.ts';
import { Masker } from '../../report/mask.ts';
import { ContentLoader } from '../../source/content-loader.ts';
import { type Lookout, Scout, type ScoutNews } from '../../source/scout.ts';
import { newsText } from '../../source/scout-news.ts';
import type { LookAround } from '../../source/surroundings.ts';
import { checkContent, formatContentProblem } from '../../template/check.ts';
import type { Content } from '../../template/content.ts';
import { RefusalError } from '../conversation/caller.ts';
import type { Findings } from './findings.ts';
import { POD_HELP } from './pod-help.ts';
import type { SecretMounts } from './secret-mounts.ts';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;
/** Beside a load that has all the cores, a check takes its time. */
const CHECK_LIMIT_MS = 10_000;

export interface ScoutingOptions {
  clock: Clock;
  mounts: SecretMounts;
  /** Patterns of the hosts that may be sent to, see `AllowedHosts`; none: all. */
  allowedHosts: readonly string[];
  findings: Pick<Findings, 'add' | 'follow'>;
  /** Gets an order by its digest. @throws Error when it cannot be had, for now or for ever */
  fetch: (digest: string) => Promise<ScoutingOrder>;
  /** Takes a line for whoever reads this worker's log. */
  say: (line: string) => void;
}

/**
 * Looks for what is sent, in place of the coordinator, as long as it orders so: in sources that this pod can reach, with
 * the Secrets that are mounted into it. What it finds it tells; what is sent is the coordinator's to say.
 */
export class Scouting {
  readonly #options: ScoutingOptions;
  /** Digest of the order that shall be followed; null: none. */
  #wanted: string | null = null;
  /** The one that is followed. */
  #order: ScoutingOrder | null = null;
  #scout: Scout | null = null;
  #ending = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** Hides what stands in the Secrets as they were looked at last. */
  #masker = new Masker([]);

  constructor(options: ScoutingOptions) {
    this.#options = options;
  }

  /** @param digest of the order that is to be followed from now on; null: none is */
  follow(digest: string | null): void {
    if (digest === this.#wanted) return;
    this.#wanted = digest;
    this.#options.findings.follow(digest);
    if (digest === null) void this.end();
    else void this.#begin(digest);
  }

  /** Looks no more. */
  async end(): Promise<void> {
    this.#wanted = null;
    this.#scout = null;
    this.#order = null;
    this.#ending.abort();
    this.#ending = new AbortController();
    await this.#ended;
  }

  async #begin(digest: string): Promise<void> {
    const order = await this.#fetch(digest);
    if (order === null) return;
    const { findings, say } = this.#options;
    say(`looks for the ${order.source.kind} that are sent, for all workers`);
    this.#order = order;
    const end = await this.#look(this.#lookoutFor(order));
    // All is well here: whatever another scout had to say of it is over.
    if (end === 'unchanged' && this.#wanted === digest)
      findings.add({ kind: 'trouble', order: digest, reason: null });
  }

  #look(at: Lookout) {
    if (this.#scout !== null) return this.#scout.lookAt(at);
    const scout = this.#newScout(at);
    this.#scout = scout;
    const end = scout.lookNow();
    this.#ended = scout.run(this.#ending.signal);
    return end;
  }

  #newScout(at: Lookout): Scout {
    const { clock, findings, allowedHosts } = this.#options;
    const order = (): string => this.#order!.digest;
    const masked = (reason: string): string => this.#masker.text(reason);
    return new Scout(at, null, {
      clock,
      random: Math.random,
      taker: {
        offer: (content) => findings.add({ kind: 'offered', order: order(), content }),
        refuse: (reason) => findings.add({ kind: 'refused', order: order(), reason: masked(reason) }),
        trouble: (reason) =>
          findings.add({ kind: 'trouble', order: order(), reason: reason === null ? null : masked(reason) }),
      },
      check: (content, signal) =>
        checkContent(content, this.#order!.protocol, {
          background: true,
          allowedHosts,
          timeLimitMs: CHECK_LIMIT_MS,
          signal,
        }),
      tell: (news) => this.#say(news),
    });
  }

  #lookoutFor(order: ScoutingOrder): Lookout {
    const names = secretsOf(order);
    const configMaps = new Map(Object.entries(order.configMaps));
    const lookAround: LookAround = async () => {
      const secrets = await this.#options.mounts.read(names);
      this.#masker = new Masker([...secrets.values()].flatMap((data) => Object.values(data)));
      return { configMaps, secrets, sets: new Map(), help: POD_HELP };
    };
    const loader = new ContentLoader(order, { lookAround, baseDir: null, travels: { secretKey: order.key } });
    return { loader, reloadMs: order.source.reloadMs, known: order.known, insists: true };
  }

  /** @returns null: it is not wanted any more */
  async #fetch(digest: string): Promise<ScoutingOrder | null> {
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)) {
      let order: ScoutingOrder | null = null;
      try {
        order = await this.#options.fetch(digest);
      } catch (error) {
        if (error instanceof RefusalError)
          this.#options.say(`cannot get the order to look: ${error.message}`);
      }
      if (this.#wanted !== digest) return null;
      if (order !== null) return order;
      await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + Math.random())));
      if (this.#wanted !== digest) return null;
    }
  }

  #say(news: ScoutNews): void {
    const { say } = this.#options;
    const masked = (text: string): void => say(this.#masker.text(text));
    switch (news.kind) {
      case 'offered':
        return say(`found a good set: ${summaryOf(news.content)}`);
      case 'failed':
        return masked(`cannot read what is sent: ${news.message}`);
      case 'refused':
        say(`found a set that is bad and must not be sent: ${summaryOf(news.content)}`);
        for (const problem of news.problems) masked(formatContentProblem(problem));
        return;
      case 'recovered':
        return say(newsText(news)!);
    }
  }
}

/** In a few words. */
function summaryOf(content: Content): string {
  const { digest } = content;
  const what =
    content.kind === 'templates'
      ? `${Object.keys(content.files).length} templates`
      : `${content.count} targets`;
  return `${what} (set ${digest.slice(0, 12)})`;
}

function secretsOf({ variables, source }: ScoutingOrder): string[] {
  const ofVariables = variables.flatMap((variable) => ('secret' in variable ? [variable.secret.name] : []));
  const ofSources = source.from.flatMap((item) =>
    's3' in item && item.s3.secret !== null ? [item.s3.secret] : [],
  );
  return [...ofVariables, ...ofSources];
}
