import { randomBytes, X509Certificate } from 'node:crypto';
import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { isKubeError } from '../../kube/errors.ts';
import { SECRETS, type Secret } from '../../kube/resources.ts';
import { type KeyedCertificate, makeAuthority, makeServing, validityOf } from './certificates.ts';

const DAY_MS = 24 * 60 * 60_000;

/** How long an authority is valid, and how long before its end another is made. */
const AUTHORITY_MS = 365 * DAY_MS;
const RENEW_AUTHORITY_MS = 120 * DAY_MS;

/**
 * How long after its first valid instant a new authority signs: before, it is only trusted, until every worker has it. (The kubelet brings changes of a
 * ConfigMap into pods within about two minutes.)
 */
const MADE_KNOWN_MS = 60 * 60_000;

/** How long a server's certificate is valid, and how long before its end another is made. */
const SERVING_MS = 30 * DAY_MS;
const RENEW_SERVING_MS = 10 * DAY_MS;

/** How often a write is tried that another is quicker with. */
const MAX_TRIES = 5;

/** Keys of the Secret: what to trust, for people and other programs, and the authorities with their keys. */
const BUNDLE_KEY = 'ca.crt';
const AUTHORITIES_KEY = 'authorities.json';

/** What of a client the authority needs. */
export type AuthorityClient = Pick<Client, 'find' | 'apply' | 'merge'>;

export interface AuthorityOptions {
  client: AuthorityClient;
  clock: Clock;
  /** The controller's own. */
  namespace: string;
  /** Name of the Secret that the authority is kept in. */
  secret: string;
  /** Names and addresses that workers call the coordinator by: see `servingHosts`. */
  hosts: readonly string[];
}

/** What the coordinator's server and its workers are given. */
export interface ServingIdentity {
  /** The server's certificate and key, in PEM form. */
  serving: KeyedCertificate;
  /** The authorities that workers have to trust, in PEM form. */
  bundle: string;
}

/**
 * The authority that vouches for the coordinator, kept in one Secret over restarts. Before it ends, another is made: for
 * an hour both are trusted and the old one signs, then the new one signs, and the old one is trusted until its end.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  #identity: ServingIdentity | null = null;
  /** The certificate of the authority that signed the present one of the server. */
  #signer = '';

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that all is valid for days: to be called when the process begins to lead, then about each 10 minutes.
   * @returns the same object as long as nothing has changed
   * @throws KubeError; Error where the Secret holds something else, which is not overwritten
   */
  async refresh(): Promise<ServingIdentity> {
    const authorities = await this.#authorities();
    const now = this.#options.clock.wall();
    const signer = signerOf(authorities, now);
    const bundle = bundleOf(authorities);
    if (this.#identity !== null && this.#signer === signer.certificate && this.#isServing(now)) {
      if (this.#identity.bundle !== bundle) this.#identity = { ...this.#identity, bundle };
      return this.#identity;
    }
    const untilMs = Math.min(SERVING_MS, untilOf(signer) - now);
    const serving = await makeServing(signer, this.#options.hosts, now, untilMs);
    this.#signer = signer.certificate;
    this.#identity = { serving, bundle };
    return this.#identity;
  }

  #isServing(now: number): boolean {
    return untilOf(this.#identity!.serving) - now > RENEW_SERVING_MS;
  }

  /** Those that are valid, the oldest first; one of them for long. */
  async #authorities(): Promise<KeyedCertificate[]> {
    const { client, clock, namespace, secret } = this.#options;
    for (let tries = 1; ; tries++) {
      const found = await client.find(SECRETS, { namespace, name: secret });
      const now = clock.wall();
      const kept = authoritiesIn(found, secret);
      const valid = kept.filter((authority) => untilOf(authority) > now);
      const newest = valid.at(-1);
      const lasts = newest !== undefined && untilOf(newest) - now > RENEW_AUTHORITY_MS;
      if (lasts && valid.length === kept.length) return valid;
      const wanted = lasts ? valid : [...valid, await makeAuthority(now, AUTHORITY_MS)];
      try {
        await this.#write(found, wanted);
        return wanted;
      } catch (error) {
        if (!isKubeError(error, 'Conflict') || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** @throws KubeError `Conflict` where another was quicker */
  async #write(found: Secret | null, authorities: KeyedCertificate[]): Promise<void> {
    const { client, namespace, secret } = this.#options;
    const place = { namespace, name: secret };
    const data = {
      [BUNDLE_KEY]: encoded(bundleOf(authorities)),
      [AUTHORITIES_KEY]: encoded(JSON.stringify(authorities)),
    };
    if (found !== null) {
      const { resourceVersion } = found.metadata;
      await client.merge(SECRETS, place, { metadata: { resourceVersion: resourceVersion! }, data });
      return;
    }
    // The right to this one Secret allows to apply it and not to post it. Each who applies has a name of its own, so that
    // of two that make it at once the second is told.
    const fieldManager = `taz-authority-${randomBytes(4).toString('hex')}`;
    const metadata = { ...place, labels: { 'app.kubernetes.io/managed-by': 'taz' } };
    await client.apply(SECRETS, { metadata, type: 'Opaque', data }, { force: false, fieldManager });
  }
}

/**
 * What workers call the coordinator by.
 * @param advertised host or address that workers outside the cluster's network reach it by; null: they are inside
 */
export function servingHosts(service: string, namespace: string, advertised: string | null): string[] {
  const within = `${service}.${namespace}`;
  const names = [`${within}.svc`, `${within}.svc.cluster.local`, within];
  return advertised === null ? names : [...names, advertised];
}

/** The newest that all workers know by now; while there is none of those, the oldest. */
function signerOf(authorities: readonly KeyedCertificate[], now: number): KeyedCertificate {
  const known = authorities.findLast((authority) => now - fromOf(authority) >= MADE_KNOWN_MS);
  return known ?? authorities[0]!;
}

function bundleOf(authorities: readonly KeyedCertificate[]): string {
  return authorities.map(({ certificate }) => `${certificate.trim()}\n`).join('');
}

/** @throws Error where there is something and it is none; says nothing of what it is */
function authoritiesIn(secret: Secret | null, name: string): KeyedCertificate[] {
  const text = secret?.data?.[AUTHORITIES_KEY];
  if (text === undefined) return [];
  try {
    const authorities = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as KeyedCertificate[];
    for (const authority of authorities) untilOf(authority);
    return authorities;
  } catch {
    throw new Error(
      `the Secret ${name} holds no authorities in ${AUTHORITIES_KEY}: remove it to have them made anew`,
    );
  }
}

function untilOf({ certificate }: KeyedCertificate): number {
  return validityOf(new X509Certificate(certificate)).until;
}

function fromOf({ certificate }: KeyedCertificate): number {
  return validityOf(new X509Certificate(certificate)).from;
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
