import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { formatPath, type Problem, ProblemsError } from '../../api/problem.ts';
import type { Client } from '../../kube/client.ts';
import { isKubeError, type KubeError } from '../../kube/errors.ts';
import { POD_TEMPLATES, type PodTemplate } from '../../kube/resources.ts';
import { childName } from '../children/names.ts';
import { childLabels, LABELS, ownedBy, type TestIdentity } from '../children/owner.ts';
import { CONTAINER, METRICS_PORT_NAME, type WorkerTemplate } from './worker-pod.ts';

/** Where the overlay stands in the manifest. */
const FIELD = 'spec.workers.template';

/** In whose name the overlay is laid over what Taz applies in its own. */
const FIELD_MANAGER = 'taz-overlay';

/** A worker needs 5 s to stop by itself, and some to give its last word, in s. */
const LEAST_GRACE_SECONDS = 10;

/** How many of each test are remembered. */
const MOST_LAID = 2;

/** `spec.workers.template` as it was written. */
export type Overlay = Readonly<Record<string, unknown>>;

/** What of a client overlays need. */
export type OverlayClient = Pick<Client, 'apply' | 'delete'>;

/**
 * Lays the pod templates of users over Taz's own. The API server does it: Taz's template is applied to a PodTemplate
 * object, the overlay is applied to that by another field manager as a dry run, and the answer is what both say together,
 * by the same rules as of any server-side apply; so it is always the server's own version of Kubernetes that says which
 * fields there are. The object is removed at once. What has been laid lately is remembered for each test: what is in use,
 * and what was refused in its place.
 */
export class Overlays {
  readonly #client: OverlayClient;
  /** By the test's uid. Rejected where the overlay is wrong. */
  readonly #laid = new Map<string, Map<string, Promise<WorkerTemplate>>>();

  constructor(client: OverlayClient) {
    this.#client = client;
  }

  /**
   * @param overlay null: none
   * @throws ProblemsError naming each field that Kubernetes does not know or allow, or that Taz needs as it is
   * @throws KubeError when the API server did not get as far
   */
  lay(test: TestIdentity, base: WorkerTemplate, overlay: Overlay | null): Promise<WorkerTemplate> {
    if (overlay === null || Object.keys(overlay).length === 0) return Promise.resolve(base);
    const hash = createHash('sha256')
      .update(JSON.stringify([base, overlay]))
      .digest('hex');
    const laid = this.#laid.get(test.uid) ?? new Map<string, Promise<WorkerTemplate>>();
    this.#laid.set(test.uid, laid);
    const template = laid.get(hash) ?? this.#lay(test, base, overlay);
    // The one that was asked for last comes last.
    laid.delete(hash);
    laid.set(hash, template);
    if (laid.size > MOST_LAID) laid.delete(laid.keys().next().value!);
    template.catch((error) => {
      const wrong = error instanceof ProblemsError;
      if (!wrong && laid.get(hash) === template) laid.delete(hash);
    });
    return template;
  }

  /** The test is there no more. */
  forget(uid: string): void {
    this.#laid.delete(uid);
  }

  async #lay(test: TestIdentity, base: WorkerTemplate, overlay: Overlay): Promise<WorkerTemplate> {
    const unknown = metadataProblems(overlay);
    if (unknown.length > 0) throw new ProblemsError(unknown);
    const place = { namespace: test.namespace, name: childName(test.name, 'overlay') };
    const metadata = { ...place, labels: childLabels(test), ownerReferences: ownedBy(test) };
    const stored = await this.#client.apply(POD_TEMPLATES, { metadata, template: base });
    const { uid } = stored.metadata;
    try {
      // Without the uid, an object that was removed meanwhile would be made anew of the overlay alone.
      const laid = await this.#client.apply(
        POD_TEMPLATES,
        { metadata: { ...place, uid: uid! }, template: overlay },
        { dryRun: true, fieldManager: FIELD_MANAGER },
      );
      const problems = needs(stored, laid, overlay);
      if (problems.length > 0) throw new ProblemsError(problems);
      return templateOf(laid);
    } catch (error) {
      throw isKubeError(error) ? (wrongOverlay(error) ?? error) : error;
    } finally {
      // Where that fails, it goes with the test.
      await this.#client.delete(POD_TEMPLATES, place, { uid }).catch(() => {});
    }
  }
}

function templateOf({ template }: PodTemplate): WorkerTemplate {
  const { labels = {}, annotations } = template?.metadata ?? {};
  return {
    metadata: { labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: template!.spec!,
  };
}

/** Labels and annotations are all that becomes of a pod template's metadata. */
function metadataProblems({ metadata }: Overlay): Problem[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  return Object.entries(metadata)
    .filter(([name]) => name !== 'labels' && name !== 'annotations')
    .map(([name, value]) =>
      problem(['metadata', name], value, 'cannot be set: of metadata only labels and annotations can'),
    );
}

/** What an overlay may not change, as the API server shows both templates. */
function needs(stored: PodTemplate, laid: PodTemplate, overlay: Overlay): Problem[] {
  return [
    ...labelProblems(stored, laid, overlay),
    ...podProblems(stored, laid),
    ...containerProblems(stored, laid),
  ];
}

function labelProblems(stored: PodTemplate, laid: PodTemplate, overlay: Overlay): Problem[] {
  const before = stored.template?.metadata?.labels ?? {};
  const now = laid.template?.metadata?.labels ?? {};
  const written = (overlay['metadata'] as { labels?: Record<string, unknown> } | undefined)?.labels ?? {};
  const changed = Object.keys(before).filter((label) => now[label] !== before[label]);
  const ours = [LABELS.worker, LABELS.replacement].filter((label) => label in written);
  return [...changed, ...ours].map((label) =>
    problem(['metadata', 'labels', label], now[label], 'cannot be changed: workers are found by it'),
  );
}

function podProblems(stored: PodTemplate, laid: PodTemplate): Problem[] {
  const before = stored.template!.spec!;
  const now = laid.template!.spec!;
  const problems: Problem[] = [];
  if (now.restartPolicy !== 'Never') {
    const why = 'has to be Never: a worker that ended is replaced by another pod';
    problems.push(problem(['spec', 'restartPolicy'], now.restartPolicy, why));
  }
  const grace = now.terminationGracePeriodSeconds ?? 0;
  if (grace < LEAST_GRACE_SECONDS) {
    const why = `has to be at least ${LEAST_GRACE_SECONDS}: a worker needs the time to give its last word`;
    problems.push(problem(['spec', 'terminationGracePeriodSeconds'], grace, why));
  }
  for (const volume of before.volumes ?? []) {
    if (volume.name === 'tmp') continue;
    const same = now.volumes?.find(({ name }) => name === volume.name);
    if (isDeepStrictEqual(same, volume)) continue;
    problems.push(problem(['spec', 'volumes', volume.name], undefined, "cannot be changed: it is Taz's own"));
  }
  return problems;
}

function containerProblems(stored: PodTemplate, laid: PodTemplate): Problem[] {
  const own = ({ template }: PodTemplate) =>
    template?.spec?.containers.find(({ name }) => name === CONTAINER);
  const before = own(stored)!;
  const now = own(laid);
  const at = (...steps: string[]) => ['spec', 'containers', CONTAINER, ...steps];
  if (now === undefined) return [problem(at(), undefined, "is missing: it is Taz's own")];
  const problems: Problem[] = [];
  for (const field of ['command', 'args', 'restartPolicy', 'workingDir'] as const) {
    if (isDeepStrictEqual(now[field], before[field])) continue;
    problems.push(problem(at(field), now[field], "cannot be changed: it is how Taz's worker is run"));
  }
  for (const variable of before.env ?? []) {
    if (
      isDeepStrictEqual(
        now.env?.find(({ name }) => name === variable.name),
        variable,
      )
    )
      continue;
    problems.push(
      problem(at('env', variable.name), undefined, 'cannot be changed: it tells the worker what it is'),
    );
  }
  for (const mount of before.volumeMounts ?? []) {
    const same = now.volumeMounts?.find(({ mountPath }) => mountPath === mount.mountPath);
    if (isDeepStrictEqual(same, mount)) continue;
    const why = 'cannot be changed: the worker needs what is mounted there';
    problems.push(problem(at('volumeMounts', mount.mountPath), undefined, why));
  }
  if (!now.ports?.some(({ name, containerPort }) => isMetricsPort(before.ports, name, containerPort))) {
    problems.push(
      problem(at('ports', METRICS_PORT_NAME), undefined, 'cannot be changed: probes and metrics use it'),
    );
  }
  return problems;
}

function isMetricsPort(
  ports: readonly { name?: string; containerPort: number }[] | undefined,
  name: string | undefined,
  port: number,
): boolean {
  return ports?.some((own) => own.name === name && own.containerPort === port) ?? false;
}

/** @param steps entries of lists stand under what tells them apart */
function problem(steps: string[], value: unknown, message: string): Problem {
  const path = formatPath(steps).replace(
    new RegExp(`^(spec\\.containers)\\.${CONTAINER}\\b`),
    `$1["${CONTAINER}"]`,
  );
  return { path: `${FIELD}.${path}`, value, message };
}

/** What the API server says of a field of the overlay; null: its error is about something else. */
function wrongOverlay(error: KubeError): ProblemsError | null {
  if (error.kind === 'Invalid') {
    const problems = error.causes.map(({ field, message }) => ({
      path: field.replace(/^template\b/, FIELD),
      value: undefined,
      message,
    }));
    return problems.length === 0 ? null : new ProblemsError(problems);
  }
  // Fields of a wrong name or form are answered with 500.
  const [, form] = /failed to create typed patch object \([^)]*\): (.*)$/.exec(error.message) ?? [];
  if (form !== undefined) {
    const [, field = '', message = form] = /^\.template\.?(\S*?): (.*)$/.exec(form) ?? [];
    return new ProblemsError([{ path: joined(field), value: undefined, message: plain(message) }]);
  }
  const [, value] =
    /failed to convert new object \([^)]*\).*?: unable to convert .*?: (.*)$/.exec(error.message) ?? [];
  return value === undefined ? null : new ProblemsError([{ path: FIELD, value: undefined, message: value }]);
}

function joined(field: string): string {
  return field === '' ? FIELD : `${FIELD}.${field}`;
}

/** Says what users of YAML understand. */
function plain(message: string): string {
  return message
    .replace(/^field not declared in schema$/, 'is not a field of a Kubernetes pod template')
    .replace(/, got &(?:value\.valueUnstructured)?\{(?:Value:)?(.*)\}$/, ', got $1');
}
