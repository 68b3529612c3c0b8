import { withDeadline } from '../../time/deadline.ts';
import { SourceError } from '../source-error.ts';
import type { Surroundings } from '../surroundings.ts';
import { missing } from '../variables.ts';

/** What calls are signed with. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Null: the keys are lasting ones. */
  sessionToken: string | null;
}

/** Gives the credentials of now; they may change from one look to the next. @throws SourceError when there are none */
export interface CredentialSource {
  /** How messages speak of them. */
  readonly origin: string;
  get(around: Surroundings, signal: AbortSignal): Promise<S3Credentials>;
}

/** How long the chain may take: a token service or a metadata service may have to answer, in ms. */
const CHAIN_DEADLINE_MS = 15_000;

const NONE_FOUND =
  'there are no credentials: name a Secret (credentials: {secretName: …}), or give this process a role, or keys in its environment';

/** From the keys `accessKeyId`, `secretAccessKey` and, where there is one, `sessionToken` of a Secret. */
export function secretCredentials(name: string): CredentialSource {
  return {
    origin: `of Secret ${name}`,
    async get({ secrets, help }) {
      for (const key of ['accessKeyId', 'secretAccessKey']) {
        const problem = missing(secrets, 'Secret', { name, key }, help);
        if (problem !== null) throw new SourceError(`credentials.secretName: ${problem}`);
      }
      const data = secrets.get(name)!;
      const value = (key: string) => (Object.hasOwn(data, key) ? data[key]!.trim() : '');
      return {
        accessKeyId: value('accessKeyId'),
        secretAccessKey: value('secretAccessKey'),
        sessionToken: value('sessionToken') || null,
      };
    },
  };
}

/**
 * The cloud's usual ways: environment, shared profile, web identity (IRSA), pod identity, instance metadata. What is
 * found is kept until it is about to expire.
 */
export function chainCredentials(region: string): CredentialSource {
  let chain: ReturnType<typeof openChain> | null = null;
  return {
    origin: 'of this process',
    async get(_, signal) {
      try {
        chain ??= openChain(region);
        const provide = await chain;
        const found = await withDeadline(CHAIN_DEADLINE_MS, signal, () => provide());
        const { accessKeyId, secretAccessKey, sessionToken } = found;
        return { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? null };
      } catch (error) {
        signal.throwIfAborted();
        throw new SourceError(chainProblem(error), { cause: error });
      }
    },
  };
}

/** The chain is loaded only where there is no Secret. */
async function openChain(region: string) {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider({ clientConfig: { region } });
}

function chainProblem(error: unknown): string {
  const { name, message } = error as Error;
  if (/Could not load credentials from any providers/.test(message)) return NONE_FOUND;
  const said = message.split('\n', 1)[0]!.slice(0, 300);
  return `the credentials of this process cannot be had (${name}): ${said}`;
}
