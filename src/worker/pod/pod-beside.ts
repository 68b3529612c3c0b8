import { ProblemsError } from '../../api/problem.ts';
import type { Clock } from '../../attack/clock.ts';
import type { SyncResponse, WorkerIdentity } from '../../coordinator/protocol.ts';
import { resolveProtocol, secretsOfProtocol } from '../../source/protocol-secrets.ts';
import { unsealContent } from '../../source/sealed-content.ts';
import type { Content } from '../../template/content.ts';
import type { Protocol } from '../../transport/protocol.ts';
import type { Beside } from '../beside.ts';
import type { SyncClient } from '../conversation/sync-client.ts';
import { Findings } from './findings.ts';
import { POD_HELP } from './pod-help.ts';
import { Scouting } from './scouting.ts';
import type { SecretMounts } from './secret-mounts.ts';

export interface PodBesideOptions {
  run: string;
  worker: WorkerIdentity;
  clock: Clock;
  client: SyncClient;
  mounts: SecretMounts;
  allowedHosts: readonly string[];
  say: (line: string) => void;
}

/** How often a set that the coordinator has lost is told again while it still asks, in ms. */
const KEPT_EVERY_MS = 5000;

/** What a worker in a pod does besides: it has the test's Secrets, and may be the one that looks for what is sent. */
export class PodBeside implements Beside {
  readonly #options: PodBesideOptions;
  readonly #findings: Findings;
  readonly #scouting: Scouting;
  #keptAt = Number.NEGATIVE_INFINITY;

  constructor(options: PodBesideOptions) {
    const { run, worker, client, clock, mounts, allowedHosts, say } = options;
    this.#options = options;
    this.#findings = new Findings({ run, worker, say, tell: (finding) => client.tell(finding) });
    this.#scouting = new Scouting({
      clock,
      mounts,
      allowedHosts,
      say,
      findings: this.#findings,
      fetch: (digest) => client.scoutingOrder(digest),
    });
  }

  async complete(content: Content): Promise<Content> {
    const names = Object.values(content.secretRefs).map(({ name }) => name);
    const secrets = await this.#options.mounts.read(names);
    return unsealContent(content, { secrets, help: POD_HELP });
  }

  async logIn(protocol: Protocol): Promise<Protocol> {
    const secrets = await this.#options.mounts.read(secretsOfProtocol(protocol));
    try {
      return resolveProtocol(protocol, { secrets, help: POD_HELP });
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      const [{ path, message }] = error.problems as [(typeof error.problems)[0]];
      throw new Error(`${path}: ${message}`, { cause: error });
    }
  }

  hear({ scouting, wanted }: SyncResponse, held: (digest: string) => Content | null): void {
    this.#scouting.follow(scouting);
    const content = wanted === null ? null : held(wanted);
    const now = this.#options.clock.now();
    if (content === null || now - this.#keptAt < KEPT_EVERY_MS) return;
    this.#keptAt = now;
    this.#findings.add({ kind: 'kept', content });
  }

  end(): void {
    void this.#scouting.end();
    this.#findings.close();
  }
}
