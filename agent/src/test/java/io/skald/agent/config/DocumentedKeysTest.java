/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every key that Promtail's configuration reference names, block by block, is taken, told to have no effect, or refused with its place. A table
 * begins with the block that the keys of its rows are put into, at {@code %}. A row is keys with values, and behind {@code =>} the note or, behind
 * an exclamation mark, the error.
 */
class DocumentedKeysTest {
    private static final String CLIENT = "clients: [{url: 'http://h:1/loki/api/v1/push'}]\n";
    private static final String NO_GRPC = " has no effect: there is no gRPC server";

    @ParameterizedTest
    @ValueSource(strings = {"""
                %
                server: {}
                positions: {filename: /p/positions.yaml, sync_period: 10s} => positions.sync_period has no effect
                positions: {ignore_invalid_yaml: true} => positions.ignore_invalid_yaml has no effect
                global: {file_watch_config: {min_poll_frequency: 1s}} => global.file_watch_config.min_poll_frequency has no effect
                global: {file_watch_config: {max_poll_frequency: 1s}} => global.file_watch_config.max_poll_frequency has no effect
                limits_config:
                limits_config: {readline_rate_enabled: false}
                limits_config: {readline_rate_enabled: true} => !limits_config.readline_rate_enabled: is not supported
                limits_config: {readline_rate: 5} => limits_config.readline_rate has no effect
                limits_config: {readline_burst: 5} => limits_config.readline_burst has no effect
                limits_config: {readline_rate_drop: true} => limits_config.readline_rate_drop has no effect
                limits_config: {max_streams: 0, max_line_size: 0}
                limits_config: {max_streams: 7} => !limits_config.max_streams: is not supported
                limits_config: {max_line_size: 256kb} => !limits_config.max_line_size: is not supported
                limits_config: {max_line_size_truncate: true} => limits_config.max_line_size_truncate has no effect
                target_config: {sync_period: 10s, stdin: false}
                target_config: {stdin: true} => !target_config.stdin: is not supported
                options: {stream_lag_labels: filename} => options.stream_lag_labels has no effect
                tracing: {enabled: false}
                tracing: {enabled: true} => !tracing.enabled: is not supported
                tracing: {profiling_enabled: true} => tracing.profiling_enabled has no effect
                wal: {enabled: true} => wal.enabled has no effect: there is always an outbox
                wal: {dir: /w} => wal.dir has no effect
                wal: {max_segment_age: 1h} => wal.max_segment_age has no effect
                wal: {cleaner: {min_age: 1h}} => wal.cleaner has no effect
                wal: {watch_config: {min_read_frequency: 1s}} => wal.watch_config has no effect
                scrape_configs: []""", """
                server: {%}
                disable: true
                profiling_enabled: true => server.profiling_enabled has no effect
                http_listen_address: 127.0.0.1
                http_listen_port: 9080
                grpc_listen_address: h => server.grpc_listen_address has no effect
                grpc_listen_port: 0 => server.grpc_listen_port has no effect
                register_instrumentation: true => server.register_instrumentation has no effect
                graceful_shutdown_timeout: 1s => server.graceful_shutdown_timeout has no effect
                http_server_read_timeout: 1s => server.http_server_read_timeout has no effect
                http_server_write_timeout: 1s => server.http_server_write_timeout has no effect
                http_server_idle_timeout: 1s => server.http_server_idle_timeout has no effect
                grpc_server_max_recv_msg_size: 1 => server.grpc_server_max_recv_msg_size has no effect
                grpc_server_max_send_msg_size: 1 => server.grpc_server_max_send_msg_size has no effect
                grpc_server_max_concurrent_streams: 1 => server.grpc_server_max_concurrent_streams has no effect
                log_level: warn, log_format: logfmt
                log_format: json => !server.log_format: only logfmt is supported
                http_path_prefix: ''
                http_path_prefix: /v1 => !server.http_path_prefix: is not supported
                health_check_target: false => server.health_check_target has no effect
                enable_runtime_reload: true => server.enable_runtime_reload has no effect
                external_url: 'http://x' => server.external_url has no effect
                reload: true => server.reload has no effect
                http_listen_conn_limit: 5 => server.http_listen_conn_limit has no effect
                http_tls_config: {cert_file: c} => !server.http_tls_config: is not supported by this agent: put a proxy""", """
                clients: [{url: 'http://h:1', %}]
                headers: {X-A: b}
                tenant_id: t
                batchwait: 1s, batchsize: 1048576, timeout: 10s
                basic_auth: {username: u, password: p}
                basic_auth: {username: u, password_file: /p}
                bearer_token: x
                bearer_token_file: /x
                authorization: {type: Bearer, credentials: x}
                authorization: {credentials_file: /x}
                oauth2: {client_id: a, token_url: b} => !clients[0].oauth2: is not supported by this agent: use basic_auth
                proxy_url: 'http://p:1'
                proxy_from_environment: true => !clients[0].proxy_from_environment: true is not supported
                no_proxy: x => !clients[0].no_proxy: is not supported
                tls_config: {ca_file: /a, cert_file: /b, key_file: /c, server_name: n, insecure_skip_verify: true}
                backoff_config: {min_period: 500ms, max_period: 5m}
                backoff_config: {max_retries: 10} => clients[0].backoff_config.max_retries has no effect
                drop_rate_limited_batches: false
                drop_rate_limited_batches: true => !clients[0].drop_rate_limited_batches: is not supported
                external_labels: {a: b}
                follow_redirects: true
                follow_redirects: false => !clients[0].follow_redirects: false is not supported
                enable_http2: true => clients[0].enable_http2 has no effect
                stream_lag_labels: filename => clients[0].stream_lag_labels has no effect
                name: n""", """
                scrape_configs: [{job_name: j, %}]
                pipeline_stages: []
                decompression: {enabled: false}
                decompression: {enabled: true} => !scrape_configs[0].decompression.enabled: is not supported
                decompression: {initial_delay: 1s} => scrape_configs[0].decompression.initial_delay has no effect
                decompression: {format: gz} => scrape_configs[0].decompression.format has no effect
                encoding: UTF-8
                encoding: utf-16 => !scrape_configs[0].encoding: is not supported by this agent: files must be UTF-8
                windows_events: {} => !scrape_configs[0].windows_events: is not supported by this agent: it is for Windows
                gcplog: {} => !scrape_configs[0].gcplog: is not supported
                azure_event_hub: {} => !scrape_configs[0].azure_event_hub: is not supported
                azure_event_hubs: {} => !scrape_configs[0].azure_event_hubs: is not supported
                gelf: {} => !scrape_configs[0].gelf: is not supported by this agent: use a syslog
                cloudflare: {} => !scrape_configs[0].cloudflare: is not supported
                heroku_drain: {} => !scrape_configs[0].heroku_drain: is not supported
                entry_parser: docker => !scrape_configs[0].entry_parser: is not supported by this agent: use pipeline_stages
                consul_sd_configs: [] => !scrape_configs[0].consul_sd_configs: is not supported
                consulagent_sd_configs: [] => !scrape_configs[0].consulagent_sd_configs: is not supported
                http_sd_configs: [] => !scrape_configs[0].http_sd_configs: is not supported
                dns_sd_configs: [] => !scrape_configs[0].dns_sd_configs: is not supported
                ec2_sd_configs: [] => !scrape_configs[0].ec2_sd_configs: is not supported
                static_configs: [{targets: [localhost], labels: {__path__: '/a/*.log', __path_exclude__: '/a/b.log', c: d}}]
                file_sd_configs: [{files: ['/a/*.yml'], refresh_interval: 5m}]
                relabel_configs: [{source_labels: [a], separator: ;, target_label: b, regex: (.*), replacement: $1, action: replace}]
                relabel_configs: [{source_labels: [a], target_label: b, modulus: 5, action: hashmod}]
                relabel_configs: [{action: labelkeep, regex: a}, {action: keep, regex: a}, {action: drop, regex: a}]""", """
                scrape_configs: [{job_name: j, kubernetes_sd_configs: [{role: pod, %}]}]
                api_server: 'https://h'
                kubeconfig_file: /k
                bearer_token: x
                bearer_token_file: /x
                tls_config: {ca_file: /a, cert_file: /b, key_file: /c, server_name: n, insecure_skip_verify: true}
                namespaces: {names: [a]}
                namespaces: {own_namespace: false}
                namespaces: {own_namespace: true} => !kubernetes_sd_configs[0].namespaces.own_namespace: is not supported
                selectors: [{role: pod, label: a=b, field: spec.nodeName=x}]
                selectors: [{role: node}] => !kubernetes_sd_configs[0].selectors[0].role: must be pod
                follow_redirects: true
                enable_http2: true => kubernetes_sd_configs[0].enable_http2 has no effect
                attach_metadata: {node: false}
                attach_metadata: {node: true} => !kubernetes_sd_configs[0].attach_metadata.node: true is not supported
                basic_auth: {} => !kubernetes_sd_configs[0].basic_auth: is not supported by this agent: use bearer_token_file
                authorization: {} => !kubernetes_sd_configs[0].authorization: is not supported
                oauth2: {} => !kubernetes_sd_configs[0].oauth2: is not supported
                proxy_url: x => !kubernetes_sd_configs[0].proxy_url: is not supported""", """
                scrape_configs: [{job_name: j, docker_sd_configs: [{host: 'unix:///d', %}]}]
                refresh_interval: 5s, filters: [{name: label, values: [a]}]
                port: 80 => docker_sd_configs[0].port has no effect
                host_networking_host: h => docker_sd_configs[0].host_networking_host has no effect
                match_first_network: true => docker_sd_configs[0].match_first_network has no effect
                follow_redirects: true
                tls_config: {} => !docker_sd_configs[0].tls_config: is not supported by this agent: use the daemon's socket
                basic_auth: {} => !docker_sd_configs[0].basic_auth: is not supported
                proxy_url: x => !docker_sd_configs[0].proxy_url: is not supported""", """
                scrape_configs: [{job_name: j, journal: {%}}]
                json: true, max_age: 12h, labels: {a: b}, path: /var/log/journal, matches: _TRANSPORT=kernel""", """
                scrape_configs: [{job_name: j, syslog: {listen_address: 'h:1514', %}}]
                listen_protocol: udp, idle_timeout: 60s, label_structured_data: true, labels: {a: b}
                use_incoming_timestamp: true, max_message_length: 8192, syslog_format: rfc3164, use_rfc5424_message: true
                tls_config: {cert_file: /a, key_file: /b, ca_file: /c}
                tls_config: {cert_file: /a} => !syslog.tls_config: needs cert_file and key_file
                syslog_format: rfc1 => !syslog.syslog_format: 'rfc1' is neither rfc5424 nor rfc3164""", """
                scrape_configs: [{job_name: j, loki_push_api: {%}}]
                server: {http_listen_address: h, http_listen_port: 3500}, labels: {a: b}, use_incoming_timestamp: true
                server: {grpc_listen_port: 3600} => loki_push_api.server.grpc_listen_port has no effect
                server: {log_level: info} => loki_push_api.server.log_level has no effect
                server: {register_instrumentation: false} => loki_push_api.server.register_instrumentation has no effect
                server: {graceful_shutdown_timeout: 5s} => loki_push_api.server.graceful_shutdown_timeout has no effect
                server: {http_server_read_timeout: 5s} => loki_push_api.server.http_server_read_timeout has no effect
                server: {disable: true} => !loki_push_api.server.disable: true is not supported
                server: {http_path_prefix: /x} => !loki_push_api.server.http_path_prefix: is not supported""", """
                scrape_configs: [{job_name: j, kafka: {brokers: [h:9092], topics: [t, '^u'], %}}]
                group_id: g, assignor: sticky, labels: {a: b}, use_incoming_timestamp: true
                assignor: best => !kafka.assignor: 'best' is none of range, roundrobin, sticky
                version: 2.2.1 => kafka.version has no effect
                authentication: {type: none}
                authentication: {type: ssl, tls_config: {ca_file: /a, cert_file: /b, key_file: /c, insecure_skip_verify: true}}
                authentication: {type: ssl, tls_config: {cert_file: /b}} => !kafka.authentication.tls_config: needs both
                authentication: {type: ssl, tls_config: {server_name: x}} => !tls_config.server_name: is not supported
                authentication: {type: sasl, sasl_config: {mechanism: SCRAM-SHA-512, user: u, password: p, use_tls: true, ca_file: /a, insecure_skip_verify: true}}
                authentication: {type: sasl, sasl_config: {mechanism: GSSAPI}} => !sasl_config.mechanism: 'GSSAPI' is none of
                authentication: {type: sasl, sasl_config: {server_name: x}} => !sasl_config.server_name: is not supported
                authentication: {type: kerberos} => !kafka.authentication.type: 'kerberos' is none of none, ssl, sasl""", """
                scrape_configs: [{job_name: j, pipeline_stages: [%]}]
                docker: {}
                docker:
                cri: {max_partial_lines: 5, max_partial_line_size: 1KB, max_partial_line_size_truncate: true}
                regex: {expression: '(?P<a>.)', source: b}
                json: {expressions: {a: 'b[?c == `1`].d | [0]'}, source: b, drop_malformed: true}
                logfmt: {mapping: {a: b}, source: c}
                template: {source: a, template: '{{ .Value }}'}
                match: {selector: '{a="b"}', stages: [{docker: {}}], action: keep}
                match: {selector: '{a="b"}', action: drop, drop_counter_reason: r}
                match: {selector: '{a="b"}', stages: [{docker: {}}], pipeline_name: n} => match.pipeline_name has no effect
                timestamp: {source: a, format: Unix, fallback_formats: [UnixMs], location: Europe/Berlin, action_on_failure: skip}
                output: {source: a}
                labels: {a: , b: c}
                labelallow: [a]
                labeldrop: [a]
                static_labels: {a: b}
                structured_metadata: {a: b}
                non_indexed_labels: {a: b}
                metrics: {m: {type: Counter, description: d, prefix: p_, source: s, max_idle_duration: 1m, config: {action: inc, match_all: true, count_entry_bytes: false}}}
                metrics: {m: {type: Gauge, config: {value: x, action: set}}}
                metrics: {m: {type: Histogram, config: {value: x, action: add, buckets: [1, 2.5]}}}
                tenant: {label: a}
                tenant: {source: a}
                tenant: {value: a}
                replace: {expression: '(a)', source: b, replace: c}
                multiline: {firstline: '^a', max_wait_time: 3s, max_lines: 5}
                pack: {labels: [a], ingest_timestamp: true}
                drop: {source: [a, b], separator: ;, expression: x, older_than: 1h, longer_than: 1KB, drop_counter_reason: r}
                drop: {source: a, value: x}
                limit: {rate: 5, burst: 5, drop: true, by_label_name: a, max_distinct_labels: 5}
                sampling: {rate: 0.5, drop_counter_reason: r}
                decolorize: {}
                eventlogmessage: {} => !eventlogmessage: is not supported: it is for the event log of Windows"""})
    void everyKey(String table) {
        List<String> rows = table.lines().toList();
        for (String row : rows.subList(1, rows.size())) {
            String[] parts = row.split(" => ", 2);
            String keys = rows.getFirst().contains("pipeline_stages") ? "{" + parts[0] + "}" : parts[0];
            String yaml = (keys.contains("clients:") || rows.getFirst().startsWith("clients") ? "\n" : CLIENT)
                    + rows.getFirst().replace("%", keys);
            String wanted = parts.length == 1 ? "" : parts[1];
            List<String> notes = new ArrayList<>();
            try {
                notes.addAll(AgentFile.parse("f", yaml, null, new CollectorRegistry())
                        .notes());
            } catch (ConfigException e) {
                if (!wanted.startsWith("!")) {
                    fail(row + ": " + e.getMessage());
                }
                assertThat(e.problems()).as(row).hasSize(1);
                assertThat(e.getMessage()).as(row).startsWith("f:2:").contains(wanted.substring(1));
                continue;
            }
            assertThat(wanted).as(row).doesNotStartWith("!");
            if (wanted.isEmpty()) {
                assertThat(notes).as(row).isEmpty();
            } else {
                String reason = wanted.contains("grpc") ? NO_GRPC : "";
                assertThat(notes).as(row).hasSize(1);
                assertThat(notes.getFirst())
                        .as(row)
                        .startsWith("f:2:")
                        .contains(wanted)
                        .contains(reason);
            }
        }
    }
}
