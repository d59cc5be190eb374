{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The agent's configuration, in the form of Promtail's. */}}
{{- define "skald.agentConfig" -}}
{{- $v := .Values.agent -}}
{{- $push := printf "http://%s-headless.%s.svc:3100" (include "skald.name" .) .Release.Namespace -}}
{{- $client := dict "url" (printf "%s/loki/api/v1/push" ($v.url | default $push | trimSuffix "/")) -}}
{{- with $v.tenant }}{{ $_ := set $client "tenant_id" . }}{{ end -}}
{{- with $v.externalLabels }}{{ $_ := set $client "external_labels" . }}{{ end -}}
{{- $stages := concat (list (dict "cri" dict)) $v.pipelineStages -}}
{{- $relabel := list
      (dict "source_labels" (list "__meta_kubernetes_pod_node_name") "target_label" "node")
      (dict "source_labels" (list "__meta_kubernetes_namespace") "target_label" "namespace")
      (dict "source_labels" (list "__meta_kubernetes_pod_name") "target_label" "pod")
      (dict "source_labels" (list "__meta_kubernetes_pod_container_name") "target_label" "container")
      (dict "source_labels" (list "__meta_kubernetes_pod_label_app_kubernetes_io_name" "__meta_kubernetes_pod_label_app" "__meta_kubernetes_pod_name")
            "regex" "^;*([^;]+)(;.*)?$" "target_label" "app")
      (dict "source_labels" (list "__meta_kubernetes_namespace" "__meta_kubernetes_pod_name" "__meta_kubernetes_pod_uid" "__meta_kubernetes_pod_container_name")
            "separator" "/" "regex" "(.+)/(.+)/(.+)/(.+)" "replacement" "/var/log/pods/${1}_${2}_${3}/${4}/*.log" "target_label" "__path__") -}}
{{- $config := dict
      "server" (dict "http_listen_address" "0.0.0.0" "http_listen_port" 3101)
      "positions" (dict "filename" "/spool/positions.yaml")
      "clients" (list $client)
      "scrape_configs" (list (dict
        "job_name" "pods"
        "kubernetes_sd_configs" (list (dict "role" "pod"))
        "pipeline_stages" $stages
        "relabel_configs" $relabel)) -}}
{{- toYaml ($v.config | default $config) -}}
{{- end -}}
