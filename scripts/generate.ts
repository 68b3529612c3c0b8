// Writes the files that are made from code. With --check it writes nothing, and fails where one of them is not what the
// code makes of it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { argocdConfig } from './generating/argocd-config.ts';
import { chartCrd } from './generating/chart-crd.ts';
import { crdYaml } from './generating/crd-yaml.ts';
import { editorSchema } from './generating/editor-schema.ts';
import { withFunctions } from './generating/function-reference.ts';
import { findHelm, renderChart } from './generating/helm.ts';
import { plainManifests } from './generating/plain-manifests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

type Makers = Readonly<Record<string, (now: string) => string>>;

/** Each path with what makes the file's text, given the text that is there now; empty: there is no such file. */
const FILES: Makers = {
  'crds/taz.dev_loadtests.yaml': () => crdYaml(read('docs/loadtest.md')),
  'charts/taz/templates/crd.yaml': () => chartCrd(crdYaml(read('docs/loadtest.md'))),
  'deploy/argocd/argocd-cm.yaml': () => argocdConfig(read('deploy/argocd/health.lua')),
  'deploy/kustomize/base/crd.yaml': () => crdYaml(read('docs/loadtest.md')),
  'docs/templates.md': withFunctions,
  'schemas/loadtest.schema.json': () => editorSchema(read('docs/loadtest.md')),
};

/** Those that take Helm to make: where it is not there they stay as they are, unchecked. */
const helm = findHelm();
const MADE_FROM_CHART = '# Made from charts/taz by scripts/generate.ts.\n';
const FILES_BY_HELM: Makers = {
  'deploy/kustomize/base/controller.yaml': () => MADE_FROM_CHART + rendered({ crds: { install: false } }),
  'deploy/taz.yaml': () =>
    `${MADE_FROM_CHART}${read('deploy/kustomize/base/namespace.yaml')}---\n${rendered({})}`,
};

const isCheck = process.argv[2] === '--check';
for (const [path, make] of Object.entries({ ...FILES, ...(helm === null ? {} : FILES_BY_HELM) })) {
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

function rendered(values: object): string {
  return plainManifests(renderChart(helm!, join(root, 'charts/taz'), { values }));
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
