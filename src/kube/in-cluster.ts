import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../attack/clock.ts';
import { type Access, type Credentials, CredentialsError, NO_TLS_MATERIAL } from './credentials.ts';

/** Where a pod has its service account. */
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How long an answer is kept, in ms. The kubelet replaces a token long before it expires. */
const KEPT_MS = 10_000;

export interface InClusterOptions {
  clock: Clock;
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** The folder with `token`, `ca.crt` and `namespace`. Default: where Kubernetes mounts it. */
  folder?: string;
}

/**
 * The service account of the pod that this runs in. Token and authority are read again, since both are replaced while a
 * pod lives. @throws CredentialsError where this does not run in a pod, or the pod mounts no token
 */
export async function inClusterCredentials(options: InClusterOptions): Promise<Credentials> {
  const { clock, env = process.env, folder = MOUNT } = options;
  const server = serverOf(env);
  const read = (): Promise<Access> => accessFrom(folder, server);
  const namespace = (await readMounted(folder, 'namespace')).trim();
  let kept = { access: await read(), at: clock.now() };
  return {
    namespace,
    async access(refresh = false) {
      if (refresh || clock.now() - kept.at >= KEPT_MS) kept = { access: await read(), at: clock.now() };
      return kept.access;
    },
  };
}

function serverOf(env: NodeJS.ProcessEnv): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw new CredentialsError(
      'this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a kubeconfig',
    );
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

async function accessFrom(folder: string, server: string): Promise<Access> {
  const [ca, token] = await Promise.all([readMounted(folder, 'ca.crt'), readMounted(folder, 'token')]);
  return {
    server,
    proxy: null,
    tls: { ...NO_TLS_MATERIAL, ca },
    headers: { authorization: `Bearer ${token.trim()}` },
  };
}

async function readMounted(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CredentialsError(
      `${path} cannot be read (${code}): the pod needs its service account's token`,
      {
        cause: error,
      },
    );
  }
}
