import { stringify } from 'yaml';

/** The health check as a part of Argo CD's own ConfigMap. @param lua deploy/argocd/health.lua */
export function argocdConfig(lua: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'argocd-cm',
      namespace: 'argocd',
      labels: { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' },
    },
    data: { 'resource.customizations.health.taz.dev_LoadTest': lua },
  };
  return `# Made from health.lua by scripts/generate.ts. Merge it into the ConfigMap that Argo CD has:
#   kubectl -n argocd patch configmap argocd-cm --patch-file deploy/argocd/argocd-cm.yaml
${stringify(config, { lineWidth: 0, blockQuote: 'literal' })}`;
}
