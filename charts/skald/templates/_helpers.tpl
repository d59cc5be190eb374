{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "skald.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "skald" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-skald" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector says: it must never change, as selectors of workloads are immutable. Takes {root, component}. */}}
{{- define "skald.selector" -}}
app.kubernetes.io/name: skald
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The labels of an object. Takes {root, component}. */}}
{{- define "skald.labels" -}}
{{ include "skald.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "skald.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "skald.distributed" -}}
{{- if eq .Values.mode "distributed" }}true{{ end -}}
{{- end -}}

{{- define "skald.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "skald.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* Where queries go, from anywhere in the cluster. */}}
{{- define "skald.url" -}}
http://{{ include "skald.name" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end -}}

{{/* The configuration of the servers: what the chart knows, and over it what the values say. */}}
{{- define "skald.config" -}}
{{- $config := dict
      "data_dir" "/data"
      "http" (dict "listen" "0.0.0.0:3100")
      "overrides_file" "/etc/skald/limits/limits.yaml" -}}
{{- with .Values.aws }}
{{- if .bucket }}
{{- $s3 := dict "bucket" .bucket "path_style" .s3PathStyle -}}
{{- with .prefix }}{{ $_ := set $s3 "prefix" . }}{{ end -}}
{{- with .region }}{{ $_ := set $s3 "region" . }}{{ end -}}
{{- with .s3Endpoint }}{{ $_ := set $s3 "endpoint" . }}{{ end -}}
{{- $dynamodb := dict -}}
{{- with .table }}{{ $_ := set $dynamodb "table" . }}{{ end -}}
{{- with .region }}{{ $_ := set $dynamodb "region" . }}{{ end -}}
{{- with .dynamodbEndpoint }}{{ $_ := set $dynamodb "endpoint" . }}{{ end -}}
{{- $_ := set $config "storage" (dict "index" "dynamodb" "segments" "s3" "dynamodb" $dynamodb "s3" $s3) -}}
{{- end }}
{{- end }}
{{- if eq .Values.mode "distributed" }}
{{- $ingesters := printf "%s-headless.%s.svc:3100" (include "skald.name" .) .Release.Namespace -}}
{{- $_ := set $config "querier" (dict "ingesters" (list $ingesters)) -}}
{{- end }}
{{- $rules := dict "directory" "/etc/skald/rules" -}}
{{- with .Values.rules.alertmanagers }}{{ $_ := set $rules "alertmanager_url" (join "," .) }}{{ end -}}
{{- $_ := set $config "rules" $rules -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) -}}
{{- end -}}

{{/* The same for every container: no root, no new privileges, nothing written but to volumes. */}}
{{- define "skald.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}

{{- define "skald.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
# a large volume is not walked file by file at every start
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "skald.probes" -}}
# the write-ahead log is looked through before anything is served
startupProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 2
  failureThreshold: 300
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
{{- end -}}

{{/* Spread over zones and nodes as far as possible. Takes {root, component}. */}}
{{- define "skald.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "skald.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}

{{/* Where pods may run, from the part of the values for their component. */}}
{{- define "skald.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "skald.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
