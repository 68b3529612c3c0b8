import { createHash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import type { Clock } from '../../attack/clock.ts';
import type { Connection } from '../../kube/connection.ts';
import { type Issuer, IssuerKeys } from './key-set.ts';

/** Whose a token is. */
export interface PodIdentity {
  namespace: string;
  pod: string;
  podUid: string;
}

/** A token that proves nothing: says why, and nothing of the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** By what the API server may sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Longer texts are not looked at, in characters. */
const LONGEST = 16_384;

/** How far the clocks of this machine and the API server's may be apart, in s. */
const TOLERANCE_SECONDS = 10;

/** How many tokens that were verified are remembered. */
const MOST_KNOWN = 10_000;

export interface PodTokensOptions {
  connection: Pick<Connection, 'call'>;
  clock: Clock;
  /** Who tokens have to be for. */
  audience: string;
}

/**
 * Verifies service account tokens that the kubelet projects into pods: by the API server's own keys, without asking it
 * about each. A token that was verified is remembered until it expires.
 */
export class PodTokens {
  readonly #options: PodTokensOptions;
  readonly #keys: IssuerKeys;
  /** By the hash of the token, the oldest first; `until` in ms since 1970. */
  readonly #known = new Map<string, { identity: PodIdentity; until: number }>();

  constructor(options: PodTokensOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys(options.connection, options.clock);
  }

  /**
   * Whose the token is: a pod that had it from the API server. Whether that pod is still there is not in it.
   * @throws TokenError where it proves nothing
   * @throws KubeError where there are no keys yet: nothing is known of the token
   */
  async verify(token: string): Promise<PodIdentity> {
    if (token.length > LONGEST) throw new TokenError(`the token has more than ${LONGEST} characters`);
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(hash);
    if (known !== undefined) {
      if (this.#options.clock.wall() < known.until) return known.identity;
      this.#known.delete(hash);
    }
    const { payload } = await this.#verified(token);
    const identity = identityOf(payload);
    this.#remember(hash, identity, payload.exp! * 1000);
    return identity;
  }

  async #verified(token: string): Promise<JWTVerifyResult> {
    try {
      return await this.#verifiedBy(await this.#keys.get(), token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw translated(error);
    }
    const issuer = await this.#keys.again();
    if (issuer === null)
      throw new TokenError('the token is signed by a key that the API server does not have');
    try {
      return await this.#verifiedBy(issuer, token);
    } catch (error) {
      throw translated(error);
    }
  }

  #verifiedBy({ name, keys }: Issuer, token: string): Promise<JWTVerifyResult> {
    const { audience, clock } = this.#options;
    return jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      audience,
      issuer: name,
      requiredClaims: ['exp'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.wall()),
    });
  }

  #remember(hash: string, identity: PodIdentity, until: number): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(hash, { identity, until });
  }
}

/** @throws TokenError for a token of no pod */
function identityOf(payload: JWTPayload): PodIdentity {
  const { namespace, pod } = (payload['kubernetes.io'] ?? {}) as {
    namespace?: unknown;
    pod?: { name?: unknown; uid?: unknown };
  };
  if (typeof namespace === 'string' && typeof pod?.name === 'string' && typeof pod.uid === 'string') {
    return { namespace, pod: pod.name, podUid: pod.uid };
  }
  throw new TokenError('the token is bound to no pod');
}

/** What may be said of a token that was refused; other errors stay as they are. */
function translated(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenError('the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenError(`the token's "${error.claim}" is not the right one`);
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return new TokenError('the token is signed by a key that the API server does not have');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenError("the token's signature is wrong");
  }
  return error instanceof errors.JOSEError || error instanceof TypeError
    ? new TokenError('this is no token')
    : error;
}
