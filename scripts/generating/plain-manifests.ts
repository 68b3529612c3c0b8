import { parseAllDocuments, stringify } from 'yaml';

interface Manifest {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
}

/** What the chart makes, as plain manifests: without what only means something to Helm. */
export function plainManifests(rendered: string): string {
  const objects = parseAllDocuments(rendered)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
  for (const { metadata } of objects) {
    delete metadata.labels?.['helm.sh/chart'];
    delete metadata.labels?.['app.kubernetes.io/managed-by'];
    delete metadata.annotations?.['helm.sh/resource-policy'];
    if (Object.keys(metadata.annotations ?? {}).length === 0) delete metadata.annotations;
  }
  const texts = objects.map((object) =>
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, blockQuote: 'literal' }),
  );
  return texts.join('---\n');
}
