import { type Problem, ProblemsError } from '../api/problem.ts';
import type { VariableSpec } from '../api/run-spec.ts';
import { named, someOf } from '../api/wording.ts';
import type { Data, Help, Surroundings } from './surroundings.ts';

/** What templates read as `it.NAME`. */
export interface ResolvedVariables {
  variables: Record<string, string | string[]>;
  /** Names of the variables whose values must not be shown or written anywhere. */
  secrets: string[];
}

/**
 * Gives every variable its value. `--set` goes before the manifest, and adds what the manifest does not name.
 * @throws ProblemsError naming each variable without a value, with the field, the object, the key and what would help
 */
export function resolveVariables(specs: readonly VariableSpec[], around: Surroundings): ResolvedVariables {
  const problems: Problem[] = [];
  const values: [string, string | string[]][] = [];
  for (const [index, spec] of specs.entries()) {
    const path = `spec.variables[${index}]`;
    const fail = (field: string, message: string) =>
      problems.push({ path: `${path}${field}`, value: undefined, message });
    const value = valueOf(spec, around, fail);
    if (value !== null) values.push([spec.name, value]);
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  const named = new Set(specs.map(({ name }) => name));
  for (const [name, { value }] of around.sets) if (!named.has(name)) values.push([name, value]);
  return {
    variables: Object.fromEntries(values),
    secrets: specs.filter((spec) => 'secret' in spec).map(({ name }) => name),
  };
}

type Fail = (field: string, message: string) => void;

function valueOf(
  spec: VariableSpec,
  { configMaps, secrets, sets, help }: Surroundings,
  fail: Fail,
): string | string[] | null {
  const { name } = spec;
  const set = sets.get(name);
  if (set !== undefined) {
    if ('values' in spec)
      return failed(fail, '', `${name} is a list: change it in the manifest, not with --set`);
    if ('secret' in spec && set.plain) {
      const right = help.variable(name, true) ?? 'put it into a Secret';
      return failed(
        fail,
        '',
        `${name} is a secret, and the list of processes would show --set ${name}=…: ${right}`,
      );
    }
    return set.value;
  }
  if ('value' in spec) return spec.value;
  if ('values' in spec) return spec.values;
  if ('secret' in spec) {
    const problem = missing(secrets, 'Secret', spec.secret, help);
    if (problem === null) return secrets.get(spec.secret.name)![spec.secret.key]!;
    return failed(fail, '.valueFrom.secretKeyRef', problem + otherwise(help.variable(name, true)));
  }
  const problem = missing(configMaps, 'ConfigMap', spec.configMap, help);
  if (problem === null) return configMaps.get(spec.configMap.name)![spec.configMap.key]!;
  return failed(fail, '.valueFrom.configMapKeyRef', problem + otherwise(help.variable(name, false)));
}

function otherwise(help: string | null): string {
  return help === null ? '' : `, or ${help}`;
}

/** What is wrong with a reference to a key of an object, and what would help; null: it is there. */
export function missing(
  objects: ReadonlyMap<string, Data>,
  kind: 'ConfigMap' | 'Secret',
  { name, key }: { name: string; key: string },
  help: Help,
): string | null {
  const data = objects.get(name);
  if (data === undefined) return `${kind} ${name} (key ${key}) ${help.absent}: ${help.object}`;
  if (Object.hasOwn(data, key)) return null;
  return `${kind} ${name} has no key ${key} with a text${otherKeys(data)}: ${help.object}`;
}

/** Which keys there are instead. */
function otherKeys(data: Data): string {
  const keys = Object.keys(data).map(named);
  return keys.length === 0 ? '' : `, only ${someOf(keys)}`;
}

function failed(fail: Fail, field: string, message: string): null {
  fail(field, message);
  return null;
}
