const MAX_LENGTH = 1000;
const MAX_DEPTH = 5;

/**
 * One text for equal arguments, by which values made with them can be found again; undefined when a short text cannot
 * tell them apart: functions, symbols, class instances, nesting or length beyond what an object of options needs.
 */
export function argumentsKey(args: readonly unknown[]): string | undefined {
  return args.length === 0 ? '' : keyOf(args, 0);
}

function keyOf(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      // The length first: no text inside a string can then be taken for the end of it.
      return value.length <= MAX_LENGTH ? `s${value.length}:${value}` : undefined;
    case 'number':
      return `n${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'bigint':
      return `b${value};`;
    case 'undefined':
      return 'u';
    case 'object':
      return value === null ? '0' : keyOfObject(value, depth);
    default:
      return undefined;
  }
}

function keyOfObject(value: object, depth: number): string | undefined {
  if (depth === MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return keyOfElements(value, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return keyOfMembers(value as Record<string, unknown>, depth);
  }
  if (value instanceof RegExp) return `r${keyOf(String(value), depth)}`;
  if (value instanceof Date) return `d${value.getTime()};`;
  return undefined;
}

function keyOfElements(values: readonly unknown[], depth: number): string | undefined {
  let key = '[';
  for (const value of values) {
    const part = keyOf(value, depth + 1);
    if (part === undefined || key.length + part.length > MAX_LENGTH) return undefined;
    key += part;
  }
  return `${key}]`;
}

function keyOfMembers(object: Record<string, unknown>, depth: number): string | undefined {
  let key = '{';
  for (const name of Object.keys(object)) {
    const part = keyOf(object[name], depth + 1);
    if (part === undefined || key.length + part.length > MAX_LENGTH) return undefined;
    key += `${name.length}:${name}${part}`;
  }
  return `${key}}`;
}
