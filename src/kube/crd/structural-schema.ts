import { z } from 'zod';
import { fieldPaths } from '../../api/fields.ts';
import type { Rule } from '../../api/rules.ts';
import { type CelCheck, type SchemaNotes, schemaNotes } from '../../api/schema/cel.ts';

/** A schema of OpenAPI 3.0 as Kubernetes takes it in a CRD ("structural"), with its own extensions. */
export interface StructuralSchema {
  description?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: string;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A rule in CEL about the value `self`. */
export interface ValidationRule {
  rule: string;
  /** Shown where the expression cannot be computed, or there is none. */
  message: string;
  messageExpression?: string;
  /** The field below the value that the message is about, such as `.duration`. */
  fieldPath?: string;
}

export interface StructuralOptions {
  /** Path of the schema, such as `spec`: paths of rules, lists and descriptions begin with it. */
  path: string;
  rules?: readonly Rule[];
  /** Lists whose entries are told apart by a field: path to the field's name. All others change only as a whole. */
  listKeys?: Readonly<Record<string, string>>;
  /** Path to a sentence or more for people. */
  descriptions?: ReadonlyMap<string, string>;
}

/** What zod's JSON Schema of our kinds of fields is made of, as far as it is known. */
type ZodSchema = { [keyword: string]: unknown };

/**
 * Writes a zod schema as a structural schema.
 * @throws TypeError naming the path of what would be lost: a check without CEL, a bound that is missing, a keyword
 *   that structural schemas do not have, a rule or list key of a path that is not there
 */
export function structuralSchema(schema: z.ZodType, options: StructuralOptions): StructuralSchema {
  requirePaths(schema, options);
  // zod copies what it is given as JSON, which loses functions: what is noted travels as an index.
  const noted: SchemaNotes[] = [];
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // `get` would also give what is noted of a schema that this one was made from by a further check.
      const notes = schemaNotes.has(zodSchema) ? schemaNotes.get(zodSchema) : undefined;
      if (notes !== undefined) jsonSchema['notes'] = noted.push(notes) - 1;
      else if (hasOwnCheck(zodSchema)) jsonSchema['unknownCheck'] = true;
      const keys = zodSchema instanceof z.ZodRecord ? schemaNotes.get(zodSchema.keyType) : undefined;
      if (keys !== undefined) jsonSchema['keys'] = noted.push(keys) - 1;
    },
  });
  return converted(json, options.path, { ...options, noted });
}

interface Conversion extends StructuralOptions {
  noted: readonly SchemaNotes[];
}

function hasOwnCheck({ _zod }: z.core.$ZodType): boolean {
  return (_zod.def.checks ?? []).some((check) => check._zod.def.check === 'custom');
}

function requirePaths(schema: z.ZodType, { path, rules = [], listKeys = {} }: StructuralOptions): void {
  const paths = new Set([path, ...fieldPaths(schema, path).flatMap((field) => [field, `${field}[]`])]);
  for (const wanted of [...rules.map((rule) => rule.path), ...Object.keys(listKeys)]) {
    if (!paths.has(wanted)) throw new TypeError(`${wanted}: is not a field of the schema`);
  }
}

function converted(json: ZodSchema, path: string, options: Conversion): StructuralSchema {
  const { notes: index, unknownCheck, ...rest } = json as { notes?: number } & ZodSchema;
  const notes = index === undefined ? {} : options.noted[index]!;
  if (unknownCheck === true) throw new TypeError(`${path}: has a check of its own and no CEL for it`);
  const description = options.descriptions?.get(path);
  const validations = [
    ...(notes.checks ?? []).map((check) => validationOfCheck(check)),
    ...(options.rules ?? []).filter((rule) => rule.path === path).flatMap(validationsOfRule),
  ];
  const shape = shapeOf(rest, notes, path, options);
  const rules = [...(shape['x-kubernetes-validations'] ?? []), ...validations];
  return {
    ...(description === undefined ? {} : { description }),
    ...shape,
    ...('default' in rest ? { default: rest['default'] } : {}),
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  };
}

function shapeOf(json: ZodSchema, notes: SchemaNotes, path: string, options: Conversion): StructuralSchema {
  if (notes.opaque) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  if ('anyOf' in json) return intOrString(json, path);
  switch (json['type']) {
    case 'object':
      return 'properties' in json ? fieldsOf(json, path, options) : mapOf(json, notes, path, options);
    case 'array':
      return listOf(json, path, options);
    case 'string':
      return textOf(json, notes, path);
    case 'integer':
      return integerOf(json, path);
    case 'boolean':
      only(json, path, ['type', 'default']);
      return { type: 'boolean' };
    default:
      throw new TypeError(`${path}: has no type that a structural schema can express`);
  }
}

function fieldsOf(json: ZodSchema, path: string, options: Conversion): StructuralSchema {
  only(json, path, ['type', 'properties', 'required', 'additionalProperties', 'default']);
  // Unknown fields are pruned or refused by the API server itself.
  if (json['additionalProperties'] !== false) throw new TypeError(`${path}: must take no other fields`);
  const properties = Object.entries(json['properties'] as Record<string, ZodSchema>).map(
    ([name, field]): [string, StructuralSchema] => [name, converted(field, `${path}.${name}`, options)],
  );
  return {
    type: 'object',
    ...('required' in json ? { required: json['required'] as string[] } : {}),
    properties: Object.fromEntries(properties),
  };
}

function mapOf(json: ZodSchema, notes: SchemaNotes, path: string, options: Conversion): StructuralSchema {
  only(json, path, ['type', 'additionalProperties', 'keys', 'default']);
  const keys = options.noted[json['keys'] as number];
  if (notes.maxProperties === undefined || keys === undefined) {
    throw new TypeError(`${path}: is a map without bounds`);
  }
  return {
    type: 'object',
    ...(notes.minProperties === undefined || notes.minProperties === 0
      ? {}
      : { minProperties: notes.minProperties }),
    maxProperties: notes.maxProperties,
    additionalProperties: converted(json['additionalProperties'] as ZodSchema, `${path}.*`, options),
    'x-kubernetes-validations': keyRules(keys),
  };
}

/** What must hold for the keys of a map: their length and their own checks. */
function keyRules({ minLength = 0, maxLength, checks = [] }: SchemaNotes): ValidationRule[] {
  const length = `size(key) >= ${minLength} && size(key) <= ${maxLength}`;
  return [
    {
      rule: `self.all(key, ${length})`,
      message: `each name must have ${minLength} to ${maxLength} characters`,
    },
    ...checks.map(({ cel, message, sentence }) => ({
      rule: `self.all(key, ${cel('key')})`,
      message: `each name ${message}`,
      ...(sentence === undefined
        ? {}
        : {
            messageExpression: `'the name ' + self.filter(key, !(${cel('key')})).map(key, ${sentence('key')})[0]`,
          }),
    })),
  ];
}

function listOf(json: ZodSchema, path: string, options: Conversion): StructuralSchema {
  only(json, path, ['type', 'items', 'minItems', 'maxItems', 'default']);
  if (json['maxItems'] === undefined) throw new TypeError(`${path}: is a list without a bound`);
  const key = options.listKeys?.[path];
  return {
    type: 'array',
    ...positive(json, 'minItems'),
    maxItems: json['maxItems'] as number,
    items: converted(json['items'] as ZodSchema, `${path}[]`, options),
    ...(key === undefined
      ? { 'x-kubernetes-list-type': 'atomic' as const }
      : { 'x-kubernetes-list-type': 'map' as const, 'x-kubernetes-list-map-keys': [key] }),
  };
}

function textOf(json: ZodSchema, notes: SchemaNotes, path: string): StructuralSchema {
  only(json, path, ['type', 'enum', 'minLength', 'maxLength', 'default']);
  if ('enum' in json) return { type: 'string', enum: json['enum'] as string[] };
  if (notes.format !== undefined) return { type: 'string', format: notes.format };
  const bounds = {
    minLength: notes.minLength ?? json['minLength'],
    maxLength: notes.maxLength ?? json['maxLength'],
  };
  if (bounds.maxLength === undefined) throw new TypeError(`${path}: is a text without a bound`);
  return { type: 'string', ...positive(bounds, 'minLength'), maxLength: bounds.maxLength as number };
}

function integerOf(json: ZodSchema, path: string): StructuralSchema {
  only(json, path, ['type', 'minimum', 'maximum', 'default']);
  const { minimum, maximum } = json as { minimum?: number; maximum?: number };
  if (minimum === undefined || maximum === undefined)
    throw new TypeError(`${path}: is a number without bounds`);
  return { type: 'integer', format: maximum < 2 ** 31 ? 'int32' : 'int64', minimum, maximum };
}

function intOrString(json: ZodSchema, path: string): StructuralSchema {
  only(json, path, ['anyOf', 'default']);
  const types = (json['anyOf'] as ZodSchema[]).map(({ type }) => String(type));
  if (types.length !== 2 || !types.includes('integer') || !types.includes('string'))
    throw new TypeError(`${path}: is a choice of ${types.join(' and ')}`);
  return { 'x-kubernetes-int-or-string': true };
}

function validationOfCheck({ cel, message, sentence }: CelCheck): ValidationRule {
  return {
    rule: cel('self'),
    message,
    ...(sentence === undefined ? {} : { messageExpression: sentence('self') }),
  };
}

function validationsOfRule({ cel, field, message }: Rule): ValidationRule[] {
  if (cel === null) return [];
  const fixed = cel.message ?? message;
  if (typeof fixed !== 'string') throw new TypeError(`the rule ${cel.holds}: has no message in CEL`);
  return [
    {
      rule: oneLine(cel.holds),
      message: fixed,
      ...(cel.sentence === undefined ? {} : { messageExpression: oneLine(cel.sentence) }),
      // Such a path cannot lead to an entry of a list.
      ...(field === undefined ? {} : { fieldPath: `.${field.replace(/\[.*$/, '')}` }),
    },
  ];
}

function oneLine(expression: string): string {
  return expression.replaceAll(/\s*\n\s*/g, ' ');
}

function positive<Name extends string>(
  json: Record<string, unknown>,
  name: Name,
): { [key in Name]?: number } {
  const value = json[name] as number | undefined;
  return value === undefined || value === 0 ? {} : ({ [name]: value } as { [key in Name]?: number });
}

function only(json: ZodSchema, path: string, known: string[]): void {
  for (const keyword of Object.keys(json)) {
    if (!known.includes(keyword)) throw new TypeError(`${path}: ${keyword} cannot be expressed`);
  }
}
