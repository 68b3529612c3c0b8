import { type Problem, ProblemsError } from '../../api/problem.ts';
import type { VariableSpec } from '../../api/run-spec.ts';
import { named, someOf } from '../../api/wording.ts';
import type { Data } from './data-objects.ts';
import type { Sets } from './sets.ts';

/** Where the values of variables come from, besides the LoadTest itself. */
export interface VariableSources {
  configMaps: ReadonlyMap<string, Data>;
  secrets: ReadonlyMap<string, Data>;
  sets: Sets;
}

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
export function resolveVariables(
  specs: readonly VariableSpec[],
  sources: VariableSources,
): ResolvedVariables {
  const problems: Problem[] = [];
  const values: [string, string | string[]][] = [];
  for (const [index, spec] of specs.entries()) {
    const path = `spec.variables[${index}]`;
    const fail = (field: string, message: string) =>
      problems.push({ path: `${path}${field}`, value: undefined, message });
    const value = valueOf(spec, sources, fail);
    if (value !== null) values.push([spec.name, value]);
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  const named = new Set(specs.map(({ name }) => name));
  for (const [name, { value }] of sources.sets) if (!named.has(name)) values.push([name, value]);
  return {
    variables: Object.fromEntries(values),
    secrets: specs.filter((spec) => 'secret' in spec).map(({ name }) => name),
  };
}

type Fail = (field: string, message: string) => void;

function valueOf(
  spec: VariableSpec,
  { configMaps, secrets, sets }: VariableSources,
  fail: Fail,
): string | string[] | null {
  const { name } = spec;
  const set = sets.get(name);
  if (set !== undefined) {
    if ('values' in spec)
      return failed(fail, '', `${name} is a list: change it in the manifest, not with --set`);
    if ('secret' in spec && set.plain) {
      const right = `use --set ${name}=@FILE or --set ${name}=env:VARIABLE`;
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
    const help = `add its file with -f, or use --set ${name}=@FILE or --set ${name}=env:VARIABLE`;
    return lookUp(secrets, 'Secret', spec.secret, help, (message) =>
      fail('.valueFrom.secretKeyRef', message),
    );
  }
  const help = `add its file with -f, or use --set ${name}=value`;
  return lookUp(configMaps, 'ConfigMap', spec.configMap, help, (message) =>
    fail('.valueFrom.configMapKeyRef', message),
  );
}

/** The text under a key of an object. @param help what can be done @param fail told why there is none */
export function lookUp(
  objects: ReadonlyMap<string, Data>,
  kind: string,
  { name, key }: { name: string; key: string },
  help: string,
  fail: (message: string) => void,
): string | null {
  const data = objects.get(name);
  if (data !== undefined && Object.hasOwn(data, key)) return data[key]!;
  if (data === undefined) fail(`${kind} ${name} (key ${key}) is not in the files given: ${help}`);
  else fail(`${kind} ${name} has no key ${key} with a text${otherKeys(data)}: ${help}`);
  return null;
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
