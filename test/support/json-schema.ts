/** As much of JSON Schema as the schema of LoadTest uses. */
export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, JsonSchema>;
  propertyNames?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  not?: JsonSchema;
  if?: JsonSchema;
  else?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  description?: string;
  patternErrorMessage?: string;
}

/** Where `value` is not what the schema asks for: paths such as `spec.stages[0].to`, each once. */
export function violations(value: unknown, schema: JsonSchema, path = ''): string[] {
  return [...new Set(found(value, schema, path))];
}

function* found(value: unknown, schema: JsonSchema, path: string): Generator<string> {
  if (schema.if !== undefined) {
    if (violations(value, schema.if).length > 0) yield* found(value, schema.else!, path);
    return;
  }
  if (schema.anyOf?.every((one) => violations(value, one).length > 0)) yield path;
  if (schema.not && violations(value, schema.not).length === 0) yield path;
  if (schema.type !== undefined && !isOfType(value, schema.type)) return yield path;
  if ('const' in schema && value !== schema.const) yield path;
  if (schema.enum?.includes(value) === false) yield path;
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern = '' } = schema;
    if (value.length < minLength || value.length > maxLength || !new RegExp(pattern).test(value)) yield path;
  } else if (typeof value === 'number') {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
    if (value < minimum || value > maximum) yield path;
  } else if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = schema;
    if (value.length < minItems || value.length > maxItems) yield path;
    for (const [index, item] of value.entries()) yield* found(item, items, `${path}[${index}]`);
  } else if (typeof value === 'object' && value !== null) yield* inMap(value, schema, path);
}

function* inMap(map: object, schema: JsonSchema, path: string): Generator<string> {
  const { properties = {}, additionalProperties: others = true, propertyNames = {} } = schema;
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const name of schema.required ?? []) if (!Object.hasOwn(map, name)) yield below(name);
  for (const [name, value] of Object.entries(map)) {
    if (violations(name, propertyNames).length > 0) yield below(name);
    if (Object.hasOwn(properties, name)) yield* found(value, properties[name]!, below(name));
    else if (others === false) yield below(name);
    else if (others !== true) yield* found(value, others, below(name));
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
