import { z } from 'zod';
import { schemaAt } from './fields.ts';
import { type LoadTest, LoadTestSchema } from './loadtest.ts';
import { formatPath, type Problem, ProblemsError } from './problem.ts';
import { RULES } from './rules.ts';
import { privateFields } from './schema/kinds.ts';
import { closest } from './suggestion.ts';
import { type Fields, isFields, valueAt } from './written.ts';

/** A manifest with more problems than this is not read to its end. */
const MAX_PROBLEMS = 100;

/**
 * Checks a LoadTest as it was written and fills in the defaults.
 * @param manifest what a YAML or JSON parser made of it
 * @throws ProblemsError with everything that is wrong, the fields first, then their combinations
 */
export function parseLoadTest(manifest: unknown): LoadTest {
  const parsed = LoadTestSchema.safeParse(manifest);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, manifest))),
    ...brokenRules(manifest),
  ];
  if (problems.length > MAX_PROBLEMS) {
    const more = { path: '', value: undefined, message: `and ${problems.length - MAX_PROBLEMS} more` };
    throw new ProblemsError([...problems.slice(0, MAX_PROBLEMS), more]);
  }
  if (problems.length > 0 || !parsed.success) throw new ProblemsError(problems);
  return parsed.data;
}

function problemsOf(issue: z.core.$ZodIssue, manifest: unknown): Problem[] {
  const schema = schemaAt(LoadTestSchema, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    return issue.keys.map((key) => {
      const meant = closest(key, known);
      const right = meant === null ? `here are ${known.join(', ')}` : `did you mean ${meant}?`;
      return {
        path: formatPath([...issue.path, key]),
        value: undefined,
        message: `is not a field; ${right}`,
      };
    });
  }
  const path = formatPath(issue.path);
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => inner.message).join('; ');
    return [{ path, value: issue.path.at(-1), message: `the name ${message}` }];
  }
  const hidden = schema !== undefined && privateFields.has(schema);
  return [{ path, value: hidden ? undefined : valueAt(manifest, issue.path), message: issue.message }];
}

function brokenRules(manifest: unknown): Problem[] {
  return RULES.flatMap((rule) =>
    mapsAt(manifest, rule.path)
      .filter(({ map }) => !rule.holds(map))
      .map(({ map, path }) => ({
        path: rule.field === undefined ? path : `${path}.${rule.field}`,
        value: rule.field === undefined ? undefined : map[rule.field],
        message: typeof rule.message === 'string' ? rule.message : rule.message(map),
      })),
  );
}

/** The maps that a rule's path leads to; what is no map or list on the way is reported by its field. */
function mapsAt(root: unknown, path: string): { path: string; map: Fields }[] {
  let found: { path: string; value: unknown }[] = [{ path: '', value: root }];
  for (const step of path.split('.')) {
    const name = step.replace('[]', '');
    found = found.flatMap((outer) => {
      const value = isFields(outer.value) && Object.hasOwn(outer.value, name) ? outer.value[name] : undefined;
      const own = outer.path === '' ? name : `${outer.path}.${name}`;
      if (!step.endsWith('[]')) return [{ path: own, value }];
      return Array.isArray(value)
        ? value.map((entry, index) => ({ path: `${own}[${index}]`, value: entry }))
        : [];
    });
  }
  return found.flatMap(({ path: own, value }) => (isFields(value) ? [{ path: own, map: value }] : []));
}
