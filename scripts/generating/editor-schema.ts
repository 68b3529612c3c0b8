import { z } from 'zod';
import { LoadTestSchema } from '../../src/api/loadtest.ts';
import { schemaNotes } from '../../src/api/schema/cel.ts';
import { fieldDescriptions } from './field-reference.ts';

/** As much of JSON Schema as has to be known to find its fields. */
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  description?: string;
}

/** Objects of other groups, which may stand in the same file: a file has one schema for all of its documents. */
const OF_OTHERS = {
  required: ['apiVersion'],
  properties: { apiVersion: { type: 'string', not: { pattern: '^taz\\.dev/' } } },
};

/**
 * The JSON Schema of a LoadTest for editors, which complete and check by it while one writes. It says less than
 * `taz validate`, which also knows what several fields must be together, and never refuses what that takes.
 * @param page docs/loadtest.md: what it says of a field is what editors show
 */
export function editorSchema(page: string): string {
  const { $schema, ...loadtest } = z.toJSONSchema(LoadTestSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const { pattern, expected, minLength, maxLength } = schemaNotes.get(zodSchema) ?? {};
      if (minLength !== undefined) jsonSchema.minLength = minLength;
      if (maxLength !== undefined) jsonSchema.maxLength = maxLength;
      if (pattern === undefined) return;
      jsonSchema.pattern = pattern;
      // What editors show in place of the pattern: an extension that VS Code and yaml-language-server know.
      jsonSchema['patternErrorMessage'] = `This is not ${expected}`;
    },
  });
  annotate((loadtest as JsonSchema).properties!['spec']!, 'spec', fieldDescriptions(page));
  const schema = { $schema, title: 'LoadTest', if: OF_OTHERS, else: loadtest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function annotate(schema: JsonSchema, path: string, descriptions: ReadonlyMap<string, string>): void {
  const description = descriptions.get(path);
  if (description !== undefined) schema.description = description;
  if (schema.items !== undefined) annotate(schema.items, `${path}[]`, descriptions);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    annotate(field, `${path}.${name}`, descriptions);
  }
}
