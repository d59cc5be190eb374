{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The agent's configuration: all pods of its node, with the labels that it gives by itself. */}}
{{- define "skald.agentConfig" -}}
{{- $v := .Values.agent -}}
{{- $servers := printf "http://%s-headless.%s.svc:3100" (include "skald.name" .) .Release.Namespace -}}
{{- $client := dict "url" ($v.url | default $servers) -}}
{{- with $v.tenant }}{{ $_ := set $client "tenant_id" . }}{{ end -}}
{{- with $v.externalLabels }}{{ $_ := set $client "external_labels" . }}{{ end -}}
{{- $job := dict "job_name" "pods" "kubernetes_sd_configs" (list (dict "role" "pod")) -}}
{{- with $v.pipelineStages }}{{ $_ := set $job "pipeline_stages" (concat (list (dict "cri" dict)) .) }}{{ end -}}
{{- $config := dict
      "server" (dict "http_listen_address" "0.0.0.0" "http_listen_port" 3101)
      "positions" (dict "filename" "/spool/positions.yaml")
      "clients" (list $client)
      "scrape_configs" (list $job) -}}
{{- toYaml ($v.config | default $config) -}}
{{- end -}}
