import assert from 'node:assert/strict';
import type { Condition, ConditionType, LoadTestStatus } from '../../../src/api/status.ts';
import { LABELS } from '../../../src/controller/children/owner.ts';
import type { CountingTargetStats } from '../../../src/counting-target/stats.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import {
  CONFIG_MAPS,
  LOAD_TESTS,
  type LoadTestObject,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  POD_TEMPLATES,
  PODS,
  type Pod,
  SERVICE_ACCOUNTS,
} from '../../../src/kube/resources.ts';
import type { SummaryCounts } from '../../../src/report/summary.ts';
import type { Cluster } from './cluster.ts';
import type { Operator } from './operator.ts';
import type { Target } from './target.ts';
import { until } from './until.ts';

/** What Taz makes for a test. */
const CHILDREN = [
  PODS,
  CONFIG_MAPS,
  SERVICE_ACCOUNTS,
  POD_TEMPLATES,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
];

/** How many canned targets there are, each with a path of its own. */
const LINES = 500;

/** A LoadTest in the cluster. */
export class ClusterTest {
  readonly namespace: string;
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #operator: Operator;

  constructor(cluster: Cluster, operator: Operator, namespace: string, name: string) {
    this.#cluster = cluster;
    this.#operator = operator;
    this.namespace = namespace;
    this.name = name;
  }

  get #place() {
    return { namespace: this.namespace, name: this.name };
  }

  /** Server-side apply, as kubectl and GitOps tools do it. @throws Error with the API server's words */
  async apply(spec: Record<string, unknown>): Promise<void> {
    const { apiVersion, kind } = { apiVersion: 'taz.dev/v1alpha1', kind: 'LoadTest' };
    await this.#cluster.apply({ apiVersion, kind, metadata: this.#place, spec });
  }

  /** Changes fields of the spec; null removes one. */
  async change(spec: Record<string, unknown>): Promise<void> {
    await this.#cluster.client.merge(LOAD_TESTS, this.#place, { spec });
  }

  get(): Promise<LoadTestObject> {
    return this.#cluster.client.get(LOAD_TESTS, this.#place);
  }

  async delete(): Promise<void> {
    await this.#cluster.client.delete(LOAD_TESTS, this.#place);
  }

  /** Waits for a status of the spec as it is now. */
  until(
    what: string,
    holds: (status: LoadTestStatus) => boolean,
    withinMs = 90_000,
  ): Promise<LoadTestStatus> {
    return until(
      `${this.namespace}/${this.name}: ${what}`,
      async () => {
        const { metadata, status } = await this.get();
        if (status === undefined || status.observedGeneration !== metadata.generation) return null;
        return holds(status) ? status : null;
      },
      withinMs,
      () => this.describe(),
    );
  }

  untilRunning(withinMs?: number): Promise<LoadTestStatus> {
    return this.until('runs', ({ phase }) => phase === 'Running', withinMs);
  }

  untilEnded(withinMs?: number): Promise<LoadTestStatus> {
    return this.until('has ended', ({ run }) => run?.verdict !== undefined, withinMs);
  }

  /** Waits for a condition with this reason. */
  async untilReason(type: ConditionType, reason: string, withinMs?: number): Promise<Condition> {
    const is = (condition: Condition) => condition.type === type && condition.reason === reason;
    const status = await this.until(
      `${type} says ${reason}`,
      ({ conditions = [] }) => conditions.some(is),
      withinMs,
    );
    return status.conditions!.find(is)!;
  }

  /** Pods of its workers that have not ended and are not about to. */
  async workers(): Promise<Pod[]> {
    const { status } = await this.get();
    const pods = await this.#cluster.pods(this.namespace, status?.workers?.selector ?? 'taz.dev/worker');
    return pods.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase === 'Running',
    );
  }

  /** What is there of what Taz has made in its namespace, as `Kind name`. */
  async children(): Promise<string[]> {
    const labelSelector = `${LABELS.managedBy}=taz`;
    const lists = await Promise.all(
      CHILDREN.map((resource) =>
        this.#cluster.client.list<KubeObject>(resource, { namespace: this.namespace }, { labelSelector }),
      ),
    );
    return lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  }

  /** Deletes it, and waits until all that was made for it is gone. */
  async end(withinMs = 90_000): Promise<void> {
    await this.delete();
    await this.untilNothingIsLeft(withinMs);
  }

  /** @throws Error that names what is left */
  async untilNothingIsLeft(withinMs = 90_000): Promise<void> {
    await until(
      `nothing is left of ${this.namespace}/${this.name}`,
      async () => (await this.children()).length === 0,
      withinMs,
      async () => `left: ${(await this.children()).join(', ')}`,
    );
  }

  /** All that there is to know of it, for a failure. */
  async describe(): Promise<string> {
    const { kubectl } = this.#cluster;
    const here = ['-n', this.namespace];
    const say = (...args: string[]) => kubectl(...here, ...args).catch(String);
    const parts = [
      say('get', 'loadtest', this.name, '-o', 'wide'),
      say('get', 'loadtest', this.name, '-o', 'jsonpath={.status}'),
      say('get', 'pods', '-o', 'wide'),
      say('get', 'events', '--sort-by=.metadata.creationTimestamp'),
      say('logs', '-l', 'app.kubernetes.io/component=worker', '--tail=15', '--prefix', '--ignore-errors'),
      this.#operator.logs(),
    ];
    return (await Promise.all(parts)).map((text) => text.trim()).join('\n\n');
  }
}

/** A small event, sent to the target. */
export function templatesFor(cluster: Cluster, target: Target): Record<string, unknown> {
  return {
    http: {},
    variables: [{ name: 'BaseURL', value: baseUrl(cluster, target) }],
    templates: {
      entry: 'target.json',
      from: [
        {
          inline: {
            'target.json':
              '{"method": "POST", "url": "<%= it.BaseURL %>/v1/track", "body": "<%= includeEvent(\'event.json\', \'track\') %>"}',
            'event.json': '{"type": "track", "userId": "<%= phony(\'id\') %>", "event": "Item Purchased"}',
          },
        },
      ],
    },
  };
}

/**
 * Hit n of a run asks for the path n mod 500, so that the target's counts by path tell a hit that was sent twice from
 * another.
 */
export function numberedFor(cluster: Cluster, target: Target): Record<string, unknown> {
  const base = baseUrl(cluster, target);
  const line = (n: number) => `{"method":"GET","url":"${base}/${n}"}`;
  const text = Array.from({ length: LINES }, (_, n) => line(n)).join('\n');
  return { http: {}, targets: { from: [{ inline: { 'targets.jsonl': text } }], loop: true } };
}

export function baseUrl({ host }: Cluster, { port }: Target): string {
  return `http://${host}:${port}`;
}

/** How often the hit that was sent most often was sent, for `numberedFor`. */
export function mostOfOnePath({ paths }: CountingTargetStats): number {
  return Math.max(0, ...Object.values(paths));
}

/** Of a run of so many hits: how often each path is asked for at most. */
export function roundsOf(hits: number): number {
  return Math.ceil(hits / LINES);
}

export function countsOf({ counts }: LoadTestStatus): SummaryCounts {
  assert.ok(counts !== undefined, 'the status has no counts');
  return counts as SummaryCounts;
}

/** The laws of counts of a run that has ended, and the target's own count beside them. */
export function checkEnded(status: LoadTestStatus, { requests }: CountingTargetStats): void {
  const { scheduled, sent, succeeded, failed, dropped, interrupted, unreported, inFlight } = countsOf(status);
  const shown = `${JSON.stringify(status.counts)}, target ${requests}`;
  assert.equal(scheduled, sent + dropped + unreported, shown);
  assert.equal(sent, succeeded + failed + interrupted, shown);
  assert.equal(inFlight, 0, shown);
  assert.ok(succeeded <= requests && requests <= sent + unreported, shown);
}

/** Longer than this, an answer says nothing of how late a request was delivered, in ms: the target was slow. */
const LONGEST_DELIVERY_MS = 1000;

/**
 * The most that may arrive within a second: what is due in it, and one more; and as nothing is sent later than `maxLagMs`,
 * and nothing delivered later than the slowest answer came, what was due in these times before.
 */
export function mostInASecond(
  ratePerSecond: number,
  maxLagMs: number,
  { latency }: LoadTestStatus = {},
): number {
  const deliveryMs = Math.min(LONGEST_DELIVERY_MS, msOf(latency?.max ?? `${LONGEST_DELIVERY_MS}ms`));
  return Math.ceil(ratePerSecond * (1 + (maxLagMs + deliveryMs) / 1000)) + 1;
}

/** A duration as a status has it. */
function msOf(text: string): number {
  const [, amount, unit] = /^([0-9.]+)(µs|ms|s)$/.exec(text) ?? [];
  if (amount === undefined) return Number.POSITIVE_INFINITY;
  return Number(amount) * { µs: 0.001, ms: 1, s: 1000 }[unit as 'µs' | 'ms' | 's'];
}
