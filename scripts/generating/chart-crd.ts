/**
 * The CRD as a template of the chart: behind a flag, since Helm never upgrades what is in `crds/`.
 * @param crd crds/taz.dev_loadtests.yaml
 */
export function chartCrd(crd: string): string {
  if (crd.includes('{{')) throw new Error('the CRD holds "{{", which Helm would read as its own');
  const [head, name, ...rest] = crd.split(/(?<=\n {2}name: loadtests\.taz\.dev\n)|(?<=\nmetadata:\n)/);
  if (name === undefined || rest.length !== 1) throw new Error('the CRD does not begin as it used to');
  return `{{- if .Values.crds.install }}
${head}${name}  labels:
    {{- include "taz.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
${rest.join('')}{{- end }}
`;
}
