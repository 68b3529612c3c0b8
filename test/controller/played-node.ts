import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/attack/clock.ts';
import type { ScoutingOrder, SyncRequest, SyncResponse, Version } from '../../src/coordinator/protocol.ts';
import type { ApiRequest } from '../../src/kube/connection.ts';
import { CONFIG_MAPS, PODS, type Pod } from '../../src/kube/resources.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';
import { VectorSender } from '../../src/metrics/vector-codec.ts';
import { splitPatterns } from '../../src/target/allowed-hosts.ts';
import { type Content, MAX_LABELS } from '../../src/template/content.ts';
import { SyncClient } from '../../src/worker/conversation/sync-client.ts';
import { Scouting } from '../../src/worker/pod/scouting.ts';
import type { SecretMounts } from '../../src/worker/pod/secret-mounts.ts';
import type { ApiServer } from '../cluster/api-server.ts';
import { hitSample } from '../coordinator/calls.ts';
import { content } from '../coordinator/run-spec.ts';
import { Kubelet } from './pods/kubelet.ts';

const EVERY_MS = 50;

/**
 * Plays all nodes of a namespace, and the workers in its pods: each is run as soon as it is there, calls the coordinator
 * with a token of its own, and ends when it is told to. Workers send nothing: what they say they have done is what they
 * should.
 */
export class PlayedNode {
  /** Those that were ever run, by the name of their pod. */
  readonly workers = new Map<string, PlayedWorker>();
  /** Pods are not run as long as it is true. */
  full = false;
  readonly #api: ApiServer;
  readonly #namespace: string;
  readonly #kubelet: Kubelet;
  readonly #ended = new AbortController();
  readonly #working: Promise<void>;

  constructor(api: ApiServer, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#kubelet = new Kubelet(api.client, namespace);
    this.#working = this.#work();
  }

  get living(): PlayedWorker[] {
    return [...this.workers.values()].filter(({ over }) => !over);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#working;
    for (const worker of this.workers.values()) worker.kill();
  }

  async #work(): Promise<void> {
    const place = { namespace: this.#namespace };
    while (!this.#ended.signal.aborted) {
      const { items } = await this.#api.client.list(PODS, place);
      // What changes while it is looked at is looked at again.
      for (const pod of items) await this.#see(pod).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #see(pod: Pod): Promise<void> {
    const { name, deletionTimestamp } = pod.metadata;
    const worker = this.workers.get(name);
    if (deletionTimestamp !== undefined) {
      // As one that has the time it was given to end.
      worker?.kill();
      if (pod.spec?.nodeName) await this.#kubelet.end(name);
    } else if (worker === undefined && !this.full) {
      await this.#kubelet.run(name);
      this.workers.set(name, await PlayedWorker.of(this.#api, pod));
    }
  }
}

/** A worker as the coordinator sees it. */
export class PlayedWorker {
  readonly pod: Pod;
  readonly identity: SyncRequest['worker'];
  state: SyncRequest['state'] = 'starting';
  last: SyncResponse | null = null;
  /** What it was answered when it was refused. */
  refusals: string[] = [];
  over = false;
  /** It votes as often as it may. */
  wantsStop = false;
  readonly #client: SyncClient;
  /** All zeros. */
  readonly #counts = new Float64Array(Tally.size(MAX_LABELS) + CountsBlock.size);
  readonly #sender = new VectorSender(this.#counts.length);
  #received: Version | null = null;
  #running: string | null = null;
  #prepared: string | null = null;
  #scouted: string | null = null;
  /** Looks and checks as a worker does, where there is something that it has to check for; null: all is good. */
  readonly #scouting: Scouting | null;

  private constructor(pod: Pod, token: string, ca: string) {
    this.pod = pod;
    const { labels = {} } = pod.metadata;
    this.identity = {
      index: Number(labels['taz.dev/worker']),
      replacement: Number(labels['taz.dev/replacement']),
      incarnation: randomUUID(),
    };
    this.#client = new SyncClient(this.variable('TAZ_COORDINATOR'), async () => ({ token, ca }));
    const allowedHosts = splitPatterns(this.variable('TAZ_ALLOWED_HOSTS'));
    this.#scouting = allowedHosts.length === 0 ? null : this.#newScouting(allowedHosts);
    void this.#work();
  }

  static async of(api: ApiServer, pod: Pod): Promise<PlayedWorker> {
    const { namespace } = pod.metadata;
    const projected = pod.spec!.volumes!.find(({ name }) => name === 'coordinator')!.projected!;
    const name = projected.sources!.find(({ configMap }) => configMap !== undefined)!.configMap!.name!;
    const map = await api.client.get(CONFIG_MAPS, { namespace, name });
    return new PlayedWorker(pod, await tokenOf(api, pod), map.data!['ca.crt']!);
  }

  get run(): string {
    return this.pod.metadata.labels!['taz.dev/run']!;
  }

  /** Hits a second that are due by the newest plan; 0 where it is held. null: there is none. */
  get rate(): number | null {
    const segment = this.#assignment?.segments.at(-1);
    if (segment === undefined) return null;
    const rate = segment.pieces.at(0)?.rate;
    return segment.suspended || rate?.kind !== 'linear' ? 0 : Math.round(rate.start * 1e6) / 1000;
  }

  variable(name: string): string {
    return this.pod.spec!.containers[0]!.env!.find((each) => each.name === name)?.value ?? '';
  }

  kill(): void {
    this.over = true;
    void this.#scouting?.end();
    this.#client.close();
  }

  #assignment: NonNullable<SyncResponse['assignment']> | null = null;

  async #work(): Promise<void> {
    while (!this.over) {
      try {
        this.#take(await this.#client.sync(this.#request()));
      } catch (error) {
        if (this.over) return;
        this.refusals.push((error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    }
  }

  #request(): SyncRequest {
    return {
      run: this.run,
      worker: this.identity,
      state: this.state,
      received: this.#received,
      acknowledged: this.#received,
      content: { prepared: this.#prepared, running: this.#running },
      cores: 1,
      lanes: this.state === 'starting' ? 0 : 1,
      report: this.state === 'starting' ? null : this.#report(),
      problem: '',
      urgent: false,
    };
  }

  /** What is over is decided: all of it is said to have come to nothing. */
  #report(): SyncRequest['report'] {
    return {
      cursors: [this.state === 'ended' ? Number.MAX_SAFE_INTEGER : 0],
      counters: this.#sender.encode(this.#counts),
      votes: 0,
      voteReason: '',
      wantsStop: this.wantsStop,
      saturated: false,
      notes: [],
      samples: this.state === 'ended' ? [hitSample({ hit: this.identity.index })] : [],
    };
  }

  #take(response: SyncResponse): void {
    this.last = response;
    if (response.resync) this.#sender.reset();
    else if (this.state !== 'starting') this.#sender.acknowledge(response.acknowledged);
    const { assignment, scouting, dismissed, saved } = response;
    if (scouting !== null && scouting !== this.#scouted) void this.#scout(scouting);
    if (assignment !== null) {
      this.#assignment = assignment;
      this.#received = assignment.version;
      this.#running = assignment.content.current;
      this.#prepared = assignment.content.next ?? assignment.content.current;
    }
    const { startAt = null, endsAt = null, stop = false } = this.#assignment ?? {};
    if (this.state === 'starting' && this.#running !== null) this.state = 'ready';
    const runMs = startAt === null ? Number.NEGATIVE_INFINITY : response.now - startAt;
    if (this.state === 'ready' && runMs >= 0) this.state = 'running';
    if (stop || dismissed || (endsAt !== null && runMs >= endsAt)) this.state = 'ended';
    if (saved) this.over = true;
  }

  async #scout(digest: string): Promise<void> {
    this.#scouted = digest;
    if (this.#scouting !== null) return this.#scouting.follow(digest);
    const { run, identity: worker } = this;
    try {
      const order = await this.#client.scoutingOrder(digest);
      await this.#client.tell({ run, worker, kind: 'offered', order: digest, content: found(order) });
    } catch {
      // There is another order by now, or another leader: the next answer says so.
      this.#scouted = null;
    }
  }

  #newScouting(allowedHosts: string[]): Scouting {
    const { run, identity: worker } = this;
    return new Scouting({
      clock: systemClock,
      mounts: { read: async () => new Map() } as unknown as SecretMounts,
      allowedHosts,
      findings: {
        add: (news) => void this.#client.tell({ run, worker, ...news }).catch(() => {}),
        follow: () => {},
      },
      fetch: (digest) => this.#client.scoutingOrder(digest),
      say: () => {},
    });
  }
}

/** Another order leads to another set. */
function found({ configMaps, source }: ScoutingOrder): Content {
  return content(JSON.stringify([configMaps, source.from]));
}

/** A token as the kubelet projects it into the pod. */
async function tokenOf(api: ApiServer, pod: Pod): Promise<string> {
  const { namespace, name, uid } = pod.metadata;
  const request: ApiRequest = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec!.serviceAccountName}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: ['taz.dev/coordinator'],
        expirationSeconds: 600,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
    },
    call: 'create token',
    verb: 'create',
    resource: 'serviceaccounts/token',
  };
  const connection = api.connect();
  const answer = (await connection.call(request)) as { status: { token: string } };
  return answer.status.token;
}
