import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../attack/clock.ts';
import { type Access, type Credentials, CredentialsError } from './credentials.ts';

/** How long an answer is kept, in ms: an `exec` plugin is a process. */
const KEPT_MS = 10_000;

export interface KubeconfigOptions {
  clock: Clock;
  /** Path of the file. Default: as kubectl does, `KUBECONFIG`, then `~/.kube/config`. */
  file?: string;
  /** Default: the file's current one. */
  context?: string;
}

/**
 * What a kubeconfig says, with all its ways to log in: certificates, tokens, `exec` plugins, OpenID Connect. The library
 * for that takes a second and 85 MB to load, so it is loaded here only; a pod does without it.
 * @throws CredentialsError where there is no such file, context, cluster or user
 */
export async function kubeconfigCredentials(options: KubeconfigOptions): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (options.file === undefined) config.loadFromDefault();
    else config.loadFromFile(options.file);
  } catch (error) {
    throw new CredentialsError(`the kubeconfig cannot be read: ${firstLine(error)}`, { cause: error });
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const context = config.getContextObject(config.getCurrentContext());
  if (context === null || config.getCurrentCluster() === null) {
    const contexts = config.getContexts().map(({ name }) => name);
    throw new CredentialsError(
      `the kubeconfig has no context "${config.getCurrentContext()}" with a cluster; it has ${contexts.join(', ') || 'none'}`,
    );
  }
  const proxy = config.getCurrentCluster()?.proxyUrl;
  if (proxy !== undefined && !/^https?:/.test(proxy)) {
    throw new CredentialsError(`the kubeconfig's proxy-url "${proxy}" is not that of an HTTP proxy`);
  }
  let kept: { access: Access; at: number } | null = null;
  return {
    namespace: context.namespace ?? 'default',
    async access(refresh = false) {
      const { clock } = options;
      if (refresh || kept === null || clock.now() - kept.at >= KEPT_MS) {
        kept = { access: await accessOf(config), at: clock.now() };
      }
      return kept.access;
    },
  };
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster()!;
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new CredentialsError(`the kubeconfig's user cannot log in: ${firstLine(error)}`, { cause: error });
  }
  const { ca, cert, key, auth, servername, rejectUnauthorized } = options;
  const basic: Record<string, string> = auth
    ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }
    : {};
  return {
    server: cluster.server.replace(/\/+$/, ''),
    proxy: cluster.proxyUrl ?? null,
    tls: {
      ca: pem(ca),
      cert: pem(cert),
      key: pem(key),
      serverName: servername ?? null,
      insecure: rejectUnauthorized === false,
    },
    headers: { ...basic, ...lowerCased(options.headers ?? {}) },
  };
}

/** The library gives one Buffer for what may stand in one file. */
function pem(material: unknown): string | null {
  return Buffer.isBuffer(material) || typeof material === 'string' ? material.toString() : null;
}

function lowerCased(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
