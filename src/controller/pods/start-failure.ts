import { isKubeError, type KubeError } from '../../kube/errors.ts';

/** Why a pod could not be made. */
export interface StartFailure {
  /** In words, mostly the API server's own. */
  words: string;
  /** Whether the same call will fail again until somebody changes something that it is made from. */
  permanent: boolean;
  /** Whether the pod may be there in spite of it. */
  unsure: boolean;
  /** Whether its namespace is being deleted. */
  namespaceEnds: boolean;
}

/** What to make of an error of making a pod. */
export function startFailure(error: unknown): StartFailure {
  const words = wordsOf(error);
  if (!isKubeError(error)) return { words, permanent: true, unsure: false, namespaceEnds: false };
  const namespaceEnds = error.kind === 'Forbidden' && error.message.includes('is being terminated');
  return { words, permanent: namespaceEnds || isPermanent(error), unsure: isUnsure(error), namespaceEnds };
}

/** (`NotFound`: the namespace is gone.) */
function isPermanent({ kind, message }: KubeError): boolean {
  switch (kind) {
    case 'Invalid':
    case 'BadRequest':
    case 'NotFound':
      return true;
    case 'Forbidden':
      // A used up quota becomes free, a missing account is made again, rights are given.
      return message.includes('violates PodSecurity');
    default:
      return false;
  }
}

function isUnsure({ kind }: KubeError): boolean {
  return kind === 'Timeout' || kind === 'Unreachable' || kind === 'Unavailable' || kind === 'Other';
}

/** Without the name of the call, which says nothing to who reads it beside a worker. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^(?:create|apply|get) pod\S* (?:in )?\S+: /, '');
}
