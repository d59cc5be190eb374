/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.prometheus.client.CollectorRegistry;
import io.skald.agent.AgentProcess;
import io.skald.agent.config.AgentFile;
import io.skald.agent.receive.SourceStatus;
import io.skald.agent.tail.Tailer;
import io.skald.core.config.ConfigException;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.service.JvmMetrics;
import io.skald.core.service.OpsApi;
import io.skald.core.service.Readiness;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The agent's own pages: {@code /ready}, {@code /metrics}, {@code /targets}, {@code /-/reload}. */
final class AgentServer implements AutoCloseable {
    /** A key that names a secret, in a line of its own or between braces. */
    private static final Pattern SECRET = Pattern.compile(
            "(?i)(\\b(?:password|credentials|bearer_token|access_key|client_secret|connection_string|api_token)[\"']?\\s*:)"
                    + "[ \\t]*(?:\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'|[|>][^\\n]*(?:\\n[ \\t]+[^\\n]*)*|[^\\s,}{][^,}\\n]*)");

    private static final JsonFactory JSON = new JsonFactory();

    private final @Nullable HttpServer server;
    private final String where;

    private AgentServer(@Nullable HttpServer server, String where) {
        this.server = server;
        this.where = where;
    }

    static AgentServer start(AgentProcess process) throws IOException {
        AgentFile config = process.config();
        if (config.port() < 0) {
            return new AgentServer(null, "");
        }
        CollectorRegistry registry = new CollectorRegistry();
        process.metrics().register(registry);
        new JvmMetrics().register(registry);
        HttpServer server = new HttpServer(HttpServerConfig.of(config.host(), config.port()), registry);
        Readiness readiness = new Readiness();
        // an ingester that is down makes no agent unready: its lines are safe
        readiness.add("spool", () -> process.agent().blocked());
        OpsApi.register(server, readiness, registry, () -> {
            String text = withoutSecrets(process.text());
            return new OpsApi.Configuration(text, "", text);
        });
        server.get("/targets", r -> targets(r, process));
        server.route(List.of("POST", "GET", "PUT"), "/-/reload", r -> reload(process));
        server.route(List.of("POST", "GET", "PUT"), "/reload", r -> reload(process));
        server.start();
        readiness.started();
        return new AgentServer(server, ", and answers on port " + server.port());
    }

    String where() {
        return where;
    }

    private static HttpResponse reload(AgentProcess process) throws IOException {
        try {
            process.reload();
            return HttpResponse.text(200, "config reloaded\n");
        } catch (ConfigException e) {
            return HttpResponse.text(400, "the configuration is wrong, the old one goes on:\n" + e.getMessage() + "\n");
        }
    }

    private static HttpResponse targets(HttpRequest r, AgentProcess process) throws IOException {
        List<Tailer.FileStatus> files = process.agent().files();
        String accept = r.header("Accept");
        if (accept == null || !accept.contains("text/html")) {
            return HttpResponse.json(json(files, process.sources()));
        }
        StringBuilder b = new StringBuilder("""
                <!doctype html><title>Targets</title><style>body{font:14px sans-serif}td,th{padding:2px 8px;text-align:left}</style>
                <h1>Targets</h1><table><tr><th>job<th>file<th>read<th>size<th>lines</tr>
                """);
        for (Tailer.FileStatus f : files) {
            b.append("<tr><td>")
                    .append(html(f.job()))
                    .append("<td>")
                    .append(html(f.path()))
                    .append("<td>")
                    .append(f.read())
                    .append("<td>")
                    .append(f.size())
                    .append("<td>")
                    .append(f.lines())
                    .append("</tr>\n");
        }
        b.append(
                "</table>\n<h2>Sources</h2><table><tr><th>job<th>type<th>where<th>state<th>entries<th>last entry<th>last error</tr>\n");
        for (SourceStatus s : process.sources()) {
            b.append("<tr>");
            for (String cell : List.of(
                    s.job(),
                    s.type(),
                    s.at(),
                    state(s),
                    Long.toString(s.entries()),
                    time(s.lastEntryMillis()),
                    (time(s.lastErrorMillis()) + " " + s.lastError()).strip())) {
                b.append("<td>").append(html(cell));
            }
            b.append("</tr>\n");
        }
        return HttpResponse.of(
                200, "text/html; charset=utf-8", b.append("</table>\n").toString());
    }

    private static String state(SourceStatus s) {
        return s.state().name().toLowerCase(Locale.ROOT);
    }

    private static String time(long millis) {
        return millis == 0 ? "" : Instant.ofEpochMilli(millis).toString();
    }

    /** Values of keys that name a secret, and passwords in URLs, are not shown. */
    static String withoutSecrets(String yaml) {
        return SECRET.matcher(yaml).replaceAll("$1 <secret>").replaceAll("://[^/@\\s]*@", "://<secret>@");
    }

    private static String html(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;");
    }

    private static String json(List<Tailer.FileStatus> files, List<SourceStatus> sources) throws IOException {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartArray();
            for (Tailer.FileStatus f : files) {
                g.writeStartObject();
                g.writeStringField("type", "file");
                g.writeStringField("job", f.job());
                g.writeStringField("path", f.path());
                g.writeNumberField("readBytes", f.read());
                g.writeNumberField("sizeBytes", f.size());
                g.writeNumberField("lines", f.lines());
                g.writeEndObject();
            }
            for (SourceStatus s : sources) {
                g.writeStartObject();
                g.writeStringField("type", s.type());
                g.writeStringField("job", s.job());
                g.writeStringField("at", s.at());
                g.writeStringField("state", state(s));
                g.writeNumberField("entries", s.entries());
                g.writeStringField("lastEntry", time(s.lastEntryMillis()));
                g.writeStringField("lastError", s.lastError());
                g.writeStringField("lastErrorAt", time(s.lastErrorMillis()));
                g.writeEndObject();
            }
            g.writeEndArray();
        }
        return out.toString();
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
