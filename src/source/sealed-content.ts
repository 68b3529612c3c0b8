import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Content, SecretRef } from '../template/content.ts';
import { SourceError } from './source-error.ts';
import type { Surroundings } from './surroundings.ts';
import { missing } from './variables.ts';

const derive = promisify<string, string, number, Buffer>(scrypt);
const PROOF_BYTES = 16;

/** Content as it travels: without the values of the secrets that receivers have beside them. */
export async function sealContent(content: Content): Promise<Content> {
  const variables = { ...content.variables };
  const secretRefs: Record<string, SecretRef> = {};
  for (const [variable, ref] of Object.entries(content.secretRefs)) {
    const value = variables[variable];
    secretRefs[variable] =
      typeof value === 'string' ? { ...ref, proof: await proofOf(content, variable, value) } : ref;
    delete variables[variable];
  }
  return { ...content, variables, secretRefs };
}

/**
 * The content with the values of its secrets, from what stands beside this worker.
 * @throws SourceError naming the first Secret or key that is not there, or does not hold the value that was meant: where
 *   Secrets are mounted, another value is seen on each machine at another time
 */
export async function unsealContent(
  content: Content,
  { secrets, help }: Pick<Surroundings, 'secrets' | 'help'>,
): Promise<Content> {
  const variables = { ...content.variables };
  const secretRefs: Record<string, SecretRef> = {};
  for (const [variable, ref] of Object.entries(content.secretRefs)) {
    const problem = missing(secrets, 'Secret', ref, help);
    if (problem !== null) throw new SourceError(`variable ${variable}: ${problem}`);
    const value = secrets.get(ref.name)![ref.key]!;
    if (ref.proof !== (await proofOf(content, variable, value))) {
      throw new SourceError(
        `variable ${variable}: Secret ${ref.name} (key ${ref.key}) has another value here than where the set was made: ` +
          'the new one is not here yet, or was changed again',
      );
    }
    variables[variable] = value;
    secretRefs[variable] = { ...ref, proof: '' };
  }
  return { ...content, variables, secretRefs };
}

/** Slow to make on purpose, some 50 ms, so that a short secret cannot be guessed from it. */
async function proofOf({ digest }: Content, variable: string, value: string): Promise<string> {
  return (await derive(value, `${digest}/${variable}`, PROOF_BYTES)).toString('hex');
}
