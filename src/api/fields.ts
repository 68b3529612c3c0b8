import { z } from 'zod';

/** A schema without what only says that its field may be left out. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap());
  }
  return schema;
}

/**
 * The path of every field of a schema, maps before their fields: `spec.stages`, `spec.stages[].from`, …
 * The entries of free maps (labels, inline files) are no fields.
 */
export function fieldPaths(schema: z.core.$ZodType, path = ''): string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray) return fieldPaths(inner.element, `${path}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([name, field]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return [own, ...fieldPaths(field, own)];
  });
}

/** The schema of the field at `steps`, unwrapped; undefined where there is none. */
export function schemaAt(
  schema: z.core.$ZodType,
  steps: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  let inner: z.core.$ZodType | undefined = unwrapped(schema);
  for (const step of steps) {
    if (inner instanceof z.ZodArray) inner = inner.element;
    else if (inner instanceof z.ZodObject) inner = inner.shape[String(step)];
    else return undefined;
    if (inner === undefined) return undefined;
    inner = unwrapped(inner);
  }
  return inner;
}
