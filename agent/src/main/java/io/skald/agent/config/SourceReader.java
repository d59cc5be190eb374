/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.agent.receive.SourceSettings;
import io.skald.core.config.HostPort;
import io.skald.core.model.Labels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Reads the sources of a scrape job that are no files. */
final class SourceReader {
    List<SourceSettings> read(Section s) {
        List<SourceSettings> all = new ArrayList<>();
        if (s.has("journal")) {
            all.add(journal(s.section("journal")));
        }
        if (s.has("syslog")) {
            all.add(syslog(s.section("syslog")));
        }
        if (s.has("loki_push_api")) {
            all.add(push(s.section("loki_push_api")));
        }
        if (s.has("kafka")) {
            all.add(kafka(s.section("kafka")));
        }
        if (s.has("awsfirehose")) {
            all.add(firehose(s.section("awsfirehose")));
        }
        if (s.has("stdin")) {
            Section in = s.section("stdin");
            all.add(new SourceSettings.Stdin(in.labels("labels")));
            in.end();
        }
        for (Section d : s.sections("docker_sd_configs")) {
            all.add(docker(d));
        }
        for (String key : List.of("journal", "syslog", "loki_push_api", "kafka", "awsfirehose", "stdin")) {
            s.known(key);
        }
        return all;
    }

    private static SourceSettings journal(Section j) {
        List<String> matches = new ArrayList<>();
        for (String m : j.text("matches", "").split("\\s+")) {
            if (!m.isEmpty()) {
                matches.add(m);
            }
        }
        Path path = j.file("path");
        SourceSettings out = new SourceSettings.Journal(
                j.labels("labels"),
                j.duration("max_age", Duration.ofHours(7)),
                j.bool("json", false),
                path,
                matches,
                j.text("command", "journalctl"));
        j.end();
        return out;
    }

    private static SourceSettings syslog(Section s) {
        HostPort at = hostPort(s, "listen_address", "");
        String protocol = s.text("listen_protocol", "tcp");
        if (!protocol.equals("tcp") && !protocol.equals("udp")) {
            s.problem("listen_protocol", "'" + protocol + "' is neither tcp nor udp");
        }
        String format = s.text("syslog_format", "rfc5424");
        if (!format.equals("rfc5424") && !format.equals("rfc3164")) {
            s.problem("syslog_format", "'" + format + "' is neither rfc5424 nor rfc3164");
        }
        Section tls = s.section("tls_config");
        Path cert = tls.file("cert_file");
        Path key = tls.file("key_file");
        Path ca = tls.file("ca_file");
        tls.end();
        if ((cert == null) != (key == null)) {
            s.problem("tls_config", "needs cert_file and key_file");
        }
        SourceSettings out = new SourceSettings.Syslog(
                s.labels("labels"),
                at.host(),
                at.port(),
                protocol.equals("udp"),
                format.equals("rfc3164"),
                s.bool("use_incoming_timestamp", false),
                s.bool("label_structured_data", false),
                s.bool("use_rfc5424_message", false),
                s.duration("idle_timeout", Duration.ofMinutes(2)),
                (int) Math.min(1 << 24, s.bytes("max_message_length", 8192)),
                cert,
                key,
                ca);
        s.end();
        return out;
    }

    private static void receiver(Section server) {
        server.withoutEffect("this agent has one log", "log_level");
        server.only("disable", false);
        ServerReader.rest(server);
        server.end();
    }

    private static SourceSettings push(Section p) {
        Section server = p.section("server");
        String host = ServerReader.host(server);
        int port = ServerReader.port(server);
        receiver(server);
        SourceSettings out =
                new SourceSettings.PushApi(p.labels("labels"), host, port, p.bool("use_incoming_timestamp", false));
        p.end();
        return out;
    }

    private static SourceSettings kafka(Section k) {
        List<String> brokers = k.list("brokers");
        List<String> topics = k.list("topics");
        if (brokers.isEmpty()) {
            k.problem("brokers: is required");
        }
        if (topics.isEmpty()) {
            k.problem("topics: is required");
        }
        Map<String, String> client = new TreeMap<>();
        if (k.has("authentication")) {
            authentication(k.section("authentication"), client);
        }
        k.known("authentication");
        k.withoutEffect("the client finds it out", "version");
        String assignor = k.text("assignor", "range");
        if (!List.of("range", "roundrobin", "sticky").contains(assignor)) {
            k.problem("assignor", "'" + assignor + "' is none of range, roundrobin, sticky");
        }
        SourceSettings out = new SourceSettings.Kafka(
                k.labels("labels"),
                brokers,
                topics,
                k.text("group_id", "promtail"),
                k.bool("use_incoming_timestamp", false),
                assignor,
                client);
        k.end();
        return out;
    }

    private static void authentication(Section a, Map<String, String> client) {
        String type = a.text("type", "none");
        Section sasl = a.section("sasl_config");
        boolean tls = type.equals("ssl") || sasl.bool("use_tls", false);
        switch (type) {
            case "none" -> {}
            case "ssl" -> client.put("security.protocol", "SSL");
            case "sasl" -> {
                String mechanism = sasl.text("mechanism", "PLAIN");
                if (!List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512").contains(mechanism)) {
                    sasl.problem("mechanism", "'" + mechanism + "' is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512");
                }
                client.put("security.protocol", tls ? "SASL_SSL" : "SASL_PLAINTEXT");
                client.put("sasl.mechanism", mechanism);
                String module = mechanism.toUpperCase(Locale.ROOT).startsWith("SCRAM")
                        ? "org.apache.kafka.common.security.scram.ScramLoginModule"
                        : "org.apache.kafka.common.security.plain.PlainLoginModule";
                client.put(
                        "sasl.jaas.config",
                        module + " required username=\"" + quoted(sasl.text("user", "")) + "\" password=\""
                                + quoted(sasl.text("password", "")) + "\";");
            }
            default -> a.problem("type", "'" + type + "' is none of none, ssl, sasl");
        }
        Path ca = sasl.file("ca_file");
        Section t = a.section("tls_config");
        Path ofTls = t.file("ca_file");
        Path trusted = ofTls != null ? ofTls : ca;
        if (trusted != null) {
            client.put("ssl.truststore.type", "PEM");
            client.put("ssl.truststore.location", trusted.toString());
        }
        Path cert = t.file("cert_file");
        Path key = t.file("key_file");
        if ((cert == null) != (key == null)) {
            a.problem("tls_config", "needs both cert_file and key_file, or neither");
        } else if (cert != null && key != null) {
            client.put(SourceSettings.Kafka.CERT_FILE, cert.toString());
            client.put(SourceSettings.Kafka.KEY_FILE, key.toString());
        }
        for (Section s : List.of(t, sasl)) {
            s.unsupportedFor("the names of the brokers themselves are checked", "server_name");
        }
        if (sasl.bool("insecure_skip_verify", false) || t.bool("insecure_skip_verify", false)) {
            client.put("ssl.endpoint.identification.algorithm", "");
        }
        t.end();
        sasl.end();
        a.end();
    }

    private static String quoted(String s) {
        return s.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    private static SourceSettings firehose(Section f) {
        Section server = f.section("server");
        String host = ServerReader.host(server);
        int port = ServerReader.port(server);
        receiver(server);
        SourceSettings out = new SourceSettings.Firehose(
                f.labels("labels"), host, port, f.text("access_key", ""), f.bool("use_incoming_timestamp", true));
        f.end();
        return out;
    }

    private static SourceSettings docker(Section d) {
        List<String> filters = new ArrayList<>();
        for (Section f : d.sections("filters")) {
            String name = f.required("name");
            f.list("values").forEach(v -> filters.add(name + "=" + v));
            f.end();
        }
        SourceSettings out = new SourceSettings.Docker(
                Labels.EMPTY, d.required("host"), d.duration("refresh_interval", Duration.ofSeconds(60)), filters);
        d.only("follow_redirects", true);
        d.withoutEffect("the agent speaks HTTP/1.0 with the daemon", "enable_http2");
        d.unsupportedFor(
                "use the daemon's socket",
                "tls_config",
                "basic_auth",
                "authorization",
                "oauth2",
                "bearer_token",
                "bearer_token_file",
                "proxy_url");
        d.withoutEffect(
                "containers are found by their logs, not by an address",
                "port",
                "host_networking_host",
                "match_first_network");
        d.end();
        return out;
    }

    private static HostPort hostPort(Section s, String key, String fallback) {
        String text = s.text(key, fallback);
        try {
            return HostPort.parse(text.startsWith(":") ? "0.0.0.0" + text : text);
        } catch (IllegalArgumentException e) {
            s.problem(key, String.valueOf(e.getMessage()));
            return HostPort.parse("127.0.0.1:0");
        }
    }
}
