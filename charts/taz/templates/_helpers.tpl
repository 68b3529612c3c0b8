{{- define "taz.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 47 characters, so that a suffix of 16 leaves a valid name of a Service. */}}
{{- define "taz.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 47 | trimSuffix "-" }}
{{- else if contains (include "taz.name" .) .Release.Name }}
{{- .Release.Name | trunc 47 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "taz.name" .) | trunc 47 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Of one release's controller: what never changes in its life. */}}
{{- define "taz.selectorLabels" -}}
app.kubernetes.io/name: {{ include "taz.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{- define "taz.labels" -}}
{{ include "taz.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: taz
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "taz.serviceAccountName" -}}
{{- default (ternary (include "taz.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "taz.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "taz.workerImage" -}}
{{ .Values.worker.image.repository | default .Values.image.repository }}:{{ .Values.worker.image.tag | default .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The controller's rights where LoadTests are looked for. */}}
{{- define "taz.rulesForTests" -}}
- apiGroups: [taz.dev]
  resources: [loadtests]
  verbs: [get, list, watch]
- apiGroups: [taz.dev]
  resources: [loadtests/status]
  verbs: [patch]
# Needed to own what is made for a test, where the API server asks for it (OpenShift does).
- apiGroups: [taz.dev]
  resources: [loadtests/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [list, watch, create, patch]
# To have the API server lay workers.template over the pod template.
- apiGroups: [""]
  resources: [podtemplates]
  verbs: [create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* The controller's rights in its own namespace. */}}
{{- define "taz.rulesForItself" -}}
# The lead. What is created cannot be named in advance.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "taz.fullname" . }}-controller]
  verbs: [get, update]
# The certificate authority that workers trust: no other Secret.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "taz.fullname" . }}-authority]
  verbs: [get, create, patch]
# The label of the leader: on its own pod, and off any other.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, patch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ include "taz.fullname" . }}-settings]
  verbs: [get, list, watch]
{{- end }}
