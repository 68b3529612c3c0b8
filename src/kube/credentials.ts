/** What TLS connections to the API server are made with; a change of any of them needs new connections. */
export interface TlsMaterial {
  /** Certificates of the authorities to trust, in PEM form; null: the machine's own. */
  readonly ca: string | null;
  /** Client certificate and its key, in PEM form; null: none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** Name to verify in place of the URL's host; null: the host. */
  readonly serverName: string | null;
  /** True: any certificate is taken. Only a kubeconfig can ask for that. */
  readonly insecure: boolean;
}

/** What one call to the API server is made with. */
export interface Access {
  /** Base address, without a slash at its end, such as `https://10.96.0.1:443`. */
  readonly server: string;
  readonly tls: TlsMaterial;
  /** Headers that say who calls, such as `authorization`. Never to be logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** URL of an HTTP proxy on the way; null: none. */
  readonly proxy: string | null;
}

/**
 * Where the address of the API server and the right to call it come from.
 * @see inClusterCredentials, kubeconfigCredentials, fixedCredentials
 */
export interface Credentials {
  /** The namespace that they belong to: the pod's own, or that of the kubeconfig's context. */
  readonly namespace: string;
  /**
   * What is valid now. Called before each call to the API server, so it has to be quick: it may keep an answer for some
   * seconds. @param refresh true after the API server has refused the last answer: nothing kept is given again
   * @throws CredentialsError when files cannot be read or make no sense
   */
  access(refresh?: boolean): Promise<Access>;
}

/** Credentials cannot be had: says which file or variable, and what would be right. Holds no secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

export const NO_TLS_MATERIAL: TlsMaterial = {
  ca: null,
  cert: null,
  key: null,
  serverName: null,
  insecure: false,
};

/** Credentials that never change. */
export function fixedCredentials(access: Access, namespace = 'default'): Credentials {
  return { namespace, access: async () => access };
}

/** Whether connections made with one serve for the other. */
export function sameTransport(a: Access, b: Access): boolean {
  return a.proxy === b.proxy && a.server === b.server && sameTls(a.tls, b.tls);
}

function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  return (
    a.ca === b.ca &&
    a.cert === b.cert &&
    a.key === b.key &&
    a.serverName === b.serverName &&
    a.insecure === b.insecure
  );
}
