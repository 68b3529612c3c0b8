import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { systemClock } from '../../src/attack/clock.ts';
import { Client } from '../../src/kube/client.ts';
import { type ApiCall, Connection } from '../../src/kube/connection.ts';
import { type Access, fixedCredentials, NO_TLS_MATERIAL } from '../../src/kube/credentials.ts';
import { isKubeError } from '../../src/kube/errors.ts';
import { LOAD_TESTS, NAMESPACES } from '../../src/kube/resources.ts';

/**
 * A real API server for tests. A test file says at its top
 *
 *     const api = await useApiServer();
 *     test('…', { skip: api.missing }, …);
 *     after(api.stop);
 *
 * It is one of these, the first that is given:
 *
 * - `KUBECONFIG`, of a cluster on this machine (its address is a loopback one), or of any where `TAZ_TEST_CLUSTER=1` says
 *   that tests may make namespaces and the CRD there;
 * - one started from the `etcd` and `kube-apiserver` in `KUBEBUILDER_ASSETS`;
 * - with `TAZ_TEST_BUILD=1`, one built with Go from published modules: once, some minutes, kept in the user's cache.
 *
 * One that is started is shared by the test files of a run, and ends with the run.
 */
export interface ApiServer {
  /** Why there is none, and how to have one; false: it runs. */
  readonly missing: string | false;
  /** Path of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** How it is reached by its administrator. */
  readonly access: Access;
  /** Its calls are made as its administrator. */
  readonly client: Client;
  /** Another connection, closed by `stop`. @param access default: the administrator's */
  connect(options?: { access?: Access; observe?: (call: ApiCall) => void }): Connection;
  /** A namespace of the test's own, removed by `stop`. */
  namespace(): Promise<string>;
  /** Makes LoadTests known there. */
  installLoadTests(): Promise<void>;
  readonly stop: () => Promise<void>;
}

const HOW =
  'set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver, KUBECONFIG to a cluster on this machine, or TAZ_TEST_BUILD=1 to build one with Go (once, some minutes)';

/** The process that the server ends with: the whole run of tests, or this file where it runs by itself. */
const owner = Number(process.env['TAZ_TEST_RUN'] ?? process.pid);

export type Choice = { kubeconfig: string } | { start: true } | { missing: string };

/** Which API server the environment asks for. @param serverOf the address that a kubeconfig names */
export function chooseApiServer(env: NodeJS.ProcessEnv, serverOf: (kubeconfig: string) => string): Choice {
  const [kubeconfig] = (env['KUBECONFIG'] ?? '').split(delimiter);
  if (kubeconfig) {
    const { hostname } = new URL(serverOf(kubeconfig));
    const local = /^(?:localhost|127\..*|\[::1\])$/.test(hostname);
    if (local || env['TAZ_TEST_CLUSTER'] === '1') return { kubeconfig };
    return {
      missing: `no API server: the KUBECONFIG's (${hostname}) is not on this machine; with TAZ_TEST_CLUSTER=1 tests make namespaces and the CRD there`,
    };
  }
  if (env['KUBEBUILDER_ASSETS'] || env['TAZ_TEST_BUILD'] === '1') return { start: true };
  return { missing: `no API server: ${HOW}` };
}

/**
 * @param dir where one that is started has its files. Default: a folder that the files of a run share
 * @throws Error when it should start and does not; the end of its log is in the message
 */
export async function useApiServer(dir = join(tmpdir(), `taz-api-server-${owner}`)): Promise<ApiServer> {
  const choice = chooseApiServer(process.env, (file) => kubeconfigAccess(file).server);
  if ('missing' in choice) return new MissingApiServer(choice.missing);
  if ('kubeconfig' in choice) return new RunningApiServer(choice.kubeconfig);
  return new RunningApiServer(await start(dir));
}

class RunningApiServer implements ApiServer {
  readonly missing = false;
  readonly kubeconfig: string;
  readonly access: Access;
  readonly client: Client;
  readonly #connections: Connection[] = [];
  readonly #namespaces: string[] = [];

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
    this.access = kubeconfigAccess(kubeconfig);
    this.client = new Client(this.connect(), 'taz-tests');
  }

  connect(options: { access?: Access; observe?: (call: ApiCall) => void } = {}): Connection {
    const { access = this.access, observe } = options;
    const connection = new Connection({
      credentials: fixedCredentials(access),
      clock: systemClock,
      userAgent: 'taz-tests',
      ...(observe === undefined ? {} : { observe }),
    });
    this.#connections.push(connection);
    return connection;
  }

  async namespace(): Promise<string> {
    const name = `taz-test-${randomBytes(4).toString('hex')}`;
    await this.client.create(NAMESPACES, { metadata: { name } });
    this.#namespaces.push(name);
    return name;
  }

  async installLoadTests(): Promise<void> {
    const file = new URL('../../crds/taz.dev_loadtests.yaml', import.meta.url);
    const definition = parse(readFileSync(file, 'utf8')) as { metadata: { name: string } };
    await this.client.apply(CUSTOM_RESOURCE_DEFINITIONS, definition);
    for (let tries = 0; ; tries++) {
      try {
        await this.client.list(LOAD_TESTS, {}, { limit: 1 });
        return;
      } catch (error) {
        if (!isKubeError(error, 'NotFound') || tries === 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  readonly stop = async (): Promise<void> => {
    // Where nothing ends namespaces, they end with the API server.
    for (const name of this.#namespaces) await this.client.delete(NAMESPACES, { name });
    for (const connection of this.#connections) await connection.close();
  };
}

const CUSTOM_RESOURCE_DEFINITIONS = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** Stands in where tests are skipped: nothing of it may be used but to be asked why. */
class MissingApiServer implements ApiServer {
  readonly missing: string;

  constructor(missing: string) {
    this.missing = missing;
  }

  get kubeconfig(): never {
    throw new Error(this.missing);
  }

  get access(): never {
    throw new Error(this.missing);
  }

  get client(): never {
    throw new Error(this.missing);
  }

  connect(): never {
    throw new Error(this.missing);
  }

  namespace(): never {
    throw new Error(this.missing);
  }

  installLoadTests(): never {
    throw new Error(this.missing);
  }

  readonly stop = async (): Promise<void> => {};
}

/** Starts one, unless another file of the same run has. @returns its kubeconfig */
async function start(dir: string): Promise<string> {
  const up = fileURLToPath(new URL('up', import.meta.url));
  const child = spawn(up, ['--control-plane-only', '--dir', dir, '--while', String(owner)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [, errors, exit] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  if (exit !== 0) throw new Error(`the API server does not start:\n${errors.trim()}`);
  return join(dir, 'kubeconfig');
}

interface Kubeconfig {
  'current-context': string;
  contexts: { name: string; context: { cluster: string; user: string } }[];
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data'?: string } }[];
  users: {
    name: string;
    user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string };
  }[];
}

/** The usual forms; `kubeconfigCredentials` reads all, but needs a second to load. */
function kubeconfigAccess(path: string): Access {
  const config = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const { context } = config.contexts.find(({ name }) => name === config['current-context'])!;
  const { cluster } = config.clusters.find(({ name }) => name === context.cluster)!;
  const { user } = config.users.find(({ name }) => name === context.user)!;
  return {
    server: cluster.server,
    proxy: null,
    headers: user.token === undefined ? {} : { authorization: `Bearer ${user.token}` },
    tls: {
      ...NO_TLS_MATERIAL,
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    },
  };
}

function decoded(base64: string | undefined): string | null {
  return base64 === undefined ? null : Buffer.from(base64, 'base64').toString('utf8');
}
