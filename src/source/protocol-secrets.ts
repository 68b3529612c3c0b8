import { type Problem, ProblemsError } from '../api/problem.ts';
import type { Protocol } from '../transport/protocol.ts';
import type { Surroundings } from './surroundings.ts';
import { missing } from './variables.ts';

/** Keys of a Secret that holds a login, as Kubernetes' own type `kubernetes.io/basic-auth` has them. */
const LOGIN_KEYS = ['username', 'password'] as const;

/**
 * Puts the logins into the options of a protocol that name Secrets.
 * @throws ProblemsError naming each that is not there, with the field, the object and the key
 */
export function resolveProtocol(
  protocol: Protocol,
  { secrets, help }: Pick<Surroundings, 'secrets' | 'help'>,
): Protocol {
  const problems: Problem[] = [];
  const resolved = resolve(protocol, (name, key, path) => {
    const message = missing(secrets, 'Secret', { name, key }, help);
    if (message !== null) problems.push({ path, value: undefined, message });
    return secrets.get(name)?.[key] ?? null;
  });
  if (problems.length > 0) throw new ProblemsError(problems);
  return resolved;
}

/** Names of the Secrets that the options of a protocol name. */
export function secretsOfProtocol(protocol: Protocol): string[] {
  if (protocol.kind === 'kafka' && protocol.sasl !== null) return [protocol.sasl.secretName];
  return protocol.kind === 'nsq' && protocol.auth !== null ? [protocol.auth.secret.name] : [];
}

function resolve(
  protocol: Protocol,
  secret: (name: string, key: string, path: string) => string | null,
): Protocol {
  if (protocol.kind === 'kafka' && protocol.sasl !== null) {
    const { sasl } = protocol;
    const [username, password] = LOGIN_KEYS.map((key) =>
      secret(sasl.secretName, key, 'spec.kafka.sasl.credentials'),
    );
    return { ...protocol, sasl: { ...sasl, login: { username: username!, password: password! } } };
  }
  if (protocol.kind === 'nsq' && protocol.auth !== null) {
    const { name, key } = protocol.auth.secret;
    const value = secret(name, key, 'spec.nsq.auth.secretKeyRef');
    return { ...protocol, auth: { ...protocol.auth, value } };
  }
  return protocol;
}
