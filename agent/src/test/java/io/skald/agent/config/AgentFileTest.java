/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.discover.Discovery;
import io.skald.agent.receive.SourceSettings;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Relabel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentFileTest {
    private static final String HEAD = "clients: [{url: http://h:1/loki/api/v1/push}]\n";

    private static AgentFile parse(String yaml) throws ConfigException {
        return AgentFile.parse("f.yaml", yaml, Map.of("N", "v"), new CollectorRegistry());
    }

    /** As Promtail's users have to write it with {@code -config.expand-env}. */
    @Test
    void environmentAndBackslashes() {
        assertThat(YamlFile.expand(
                        "a: ${N} ${X:dflt} ${X:-other} ${X}. '\\\\w*' \"\\\\\\\\d\" \\n $${1}a ${1} $1 $$",
                        Map.of("N", "v")))
                .isEqualTo("a: v dflt other . '\\w*' \"\\\\d\" \\n ${1}a ${1} $1 $$");
    }

    @Test
    void aConfigurationOfPromtail() throws ConfigException {
        AgentFile f = parse("""
                server: {http_listen_port: 9080, grpc_listen_port: 0, log_level: info}
                positions: {filename: /run/promtail/positions.yaml, sync_period: 10s}
                clients:
                  - url: http://bob:pw@loki:3100/loki/api/v1/push
                    tenant_id: team
                    batchwait: 2s
                    batchsize: 512KB
                    external_labels: {cluster: ${N}}
                    backoff_config: {min_period: 100ms, max_period: 1s, max_retries: 5}
                scrape_configs:
                  - job_name: system
                    static_configs:
                      - targets: [localhost]
                        labels: {job: varlogs, __path__: '/var/log/*log'}
                  - job_name: kubernetes-pods
                    kubernetes_sd_configs: [{role: pod}]
                    pipeline_stages:
                      - cri: {}
                      - multiline: {firstline: '^\\d{4}'}
                    relabel_configs:
                      - source_labels: [__meta_kubernetes_pod_node_name]
                        target_label: __host__
                      - action: labelmap
                        regex: __meta_kubernetes_pod_label_(.+)
                      - action: replace
                        replacement: $1
                        separator: /
                        source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_name]
                        target_label: job
                  - job_name: journal
                    journal: {max_age: 12h, labels: {job: systemd-journal}, path: /var/log/journal}
                    relabel_configs:
                      - {source_labels: [__journal__systemd_unit], target_label: unit}
                  - job_name: syslog
                    syslog: {listen_address: 0.0.0.0:1514, idle_timeout: 60s, label_structured_data: true, labels: {job: syslog}}
                """);
        assertThat(f.port()).isEqualTo(9080);
        assertThat(f.notes())
                .containsExactly(
                        "f.yaml:1:34: server.grpc_listen_port has no effect: there is no gRPC server",
                        "f.yaml:9:57: clients[0].backoff_config.max_retries has no effect: there is no last try, lines wait in the spool",
                        "f.yaml:2:53: positions.sync_period has no effect: positions are saved with what they are about");
        assertThat(f.settings().dataDir()).isEqualTo(Path.of("/run/promtail/skald-agent"));
        assertThat(f.settings().batchWait()).isEqualTo(Duration.ofSeconds(2));
        assertThat(f.settings().batchBytes()).isEqualTo(512 * 1024);
        assertThat(f.clients()).hasSize(1);
        assertThat(f.clients().getFirst().urls().getFirst()).hasToString("http://loki:3100/loki/api/v1/push");
        assertThat(f.clients().getFirst().auth().user()).isEqualTo("bob");
        assertThat(f.clients().getFirst().labels().get("cluster")).isEqualTo("v");
        assertThat(f.jobs())
                .extracting(ScrapeJob::name)
                .containsExactly("system", "kubernetes-pods", "journal", "syslog");
        Discovery d = f.jobs().getFirst().discoveries().getFirst();
        assertThat(d.targets().getFirst()).containsEntry("__path__", "/var/log/*log");
        assertThat(f.jobs().get(1).pipeline().traces()).as("multiline does it").isFalse();
        assertThat(f.jobs().get(0).pipeline().traces()).isTrue();
        assertThat(f.jobs().get(3).sources().getFirst()).isInstanceOf(SourceSettings.Syslog.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "scrape_configs: [{job_name: a, static_confgs: []}]|f.yaml:2:32: unknown key 'static_confgs' in scrape_configs[0]; did you mean 'static_configs'?",
                "scrape_configs: [{job_name: a, gelf: {}}]|f.yaml:2:32: scrape_configs[0].gelf: is not supported by this agent: use a syslog or loki_push_api job",
                "scrape_configs: [{job_name: a, pipeline_stages: [{regexp: {}}]}]|f.yaml:2:51: unknown key 'regexp' in scrape_configs[0].pipeline_stages[0]; did you mean 'regex'?",
                "scrape_configs: [{job_name: a, pipeline_stages: [{regex: {expression: '('}}]}]|f.yaml:2:59: scrape_configs[0].pipeline_stages[0].regex.expression: error parsing regexp: missing closing ): `(`",
                "scrape_configs: [{job_name: a, pipeline_stages: [{drop: {}}]}]|f.yaml:2:57: scrape_configs[0].pipeline_stages[0].drop: needs at least one of source, expression, value, older_than, longer_than",
                "limits_config: {readline_rate_enabled: true}|f.yaml:2:17: limits_config.readline_rate_enabled: is not supported: use the stage 'limit'",
                "scrape_configs: [{job_name: a, pipeline_stages: [{eventlogmessage: {}}]}]|f.yaml:2:51: scrape_configs[0].pipeline_stages[0].eventlogmessage: is not supported: it is for the event log of Windows",
                "scrape_configs: [{job_name: a, pipeline_stages: [{template: {source: a, template: '{{Hush 1 2}}'}}]}]|f.yaml:2:73: scrape_configs[0].pipeline_stages[0].template.template: template: template:1: function \"Hush\" not defined",
                "tracing: {enabled: true}|f.yaml:2:11: tracing.enabled: is not supported by this agent",
                "target_config: {stdin: true}|f.yaml:2:17: target_config.stdin: is not supported: start with --stdin, or give a job the key 'stdin'",
                "spool: {when_full: never}|f.yaml:2:9: spool.when_full: 'never' is neither block nor drop",
            })
    void problemsNameTheirPlace(String yaml, String message) {
        assertThatThrownBy(() -> parse(HEAD + yaml))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }

    @Test
    void relabelling() throws ConfigException {
        AgentFile f = parse(HEAD + """
                scrape_configs:
                  - job_name: a
                    relabel_configs:
                      - {source_labels: [x], regex: 'a(.*)', target_label: y, replacement: 'b${1}'}
                      - {action: labelmap, regex: '__meta_(.+)'}
                      - {action: drop, source_labels: [y], regex: bz}
                      - {action: labeldrop, regex: x}
                      - {action: uppercase, source_labels: [y], target_label: z}
                """);
        List<Relabel> rules = f.jobs().getFirst().relabel();
        assertThat(Relabel.apply(rules, Map.of("x", "abc", "__meta_q", "1")))
                .isEqualTo(Map.of("y", "bbc", "z", "BBC", "q", "1", "__meta_q", "1"));
        assertThat(Relabel.apply(rules, Map.of("x", "az"))).isNull();
    }
}
