import { stringify } from 'yaml';
import { customResourceDefinition } from '../../src/kube/crd/crd.ts';
import { fieldDescriptions } from './field-reference.ts';

/** The custom resource definition of LoadTest as a file. @param page docs/loadtest.md: what `kubectl explain` says of a field */
export function crdYaml(page: string): string {
  const definition = customResourceDefinition(fieldDescriptions(page));
  const yaml = stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false, blockQuote: 'literal' });
  return `# Made from src/api and docs/loadtest.md by scripts/generate.ts.\n${yaml}`;
}
