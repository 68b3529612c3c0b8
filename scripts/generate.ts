// Writes the files that are made from code. With --check it writes nothing, and fails where one of them is not what the
// code makes of it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crdYaml } from './generating/crd-yaml.ts';
import { editorSchema } from './generating/editor-schema.ts';
import { withFunctions } from './generating/function-reference.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Each path with what makes the file's text, given the text that is there now; empty: there is no such file. */
const FILES: Readonly<Record<string, (now: string) => string>> = {
  'crds/taz.dev_loadtests.yaml': () => crdYaml(read('docs/loadtest.md')),
  'docs/templates.md': withFunctions,
  'schemas/loadtest.schema.json': () => editorSchema(read('docs/loadtest.md')),
};

const isCheck = process.argv[2] === '--check';
for (const [path, make] of Object.entries(FILES)) {
  const now = read(path);
  const made = make(now);
  if (made === now) continue;
  if (isCheck) {
    console.error(`${path} is not what the code makes of it: node scripts/generate.ts writes it`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), made);
    console.log(path);
  }
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
