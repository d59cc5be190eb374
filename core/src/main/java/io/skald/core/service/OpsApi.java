/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.prometheus.client.CollectorRegistry;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What operators ask of every process: readiness, liveness, metrics, version, configuration. */
public final class OpsApi {
    private static final JsonFactory JSON = new JsonFactory();

    /**
     * The configuration as YAML, secrets hidden.
     *
     * @param inForce all of it
     * @param difference what differs from the defaults
     */
    public record Configuration(String inForce, String defaults, String difference) {}

    private OpsApi() {}

    /**
     * Adds {@code /ready}, {@code /livez}, {@code /services}, {@code /metrics}, {@code /loki/api/v1/status/buildinfo}, {@code /config} and
     * {@code /log_level}.
     *
     */
    public static void register(Router router, Readiness readiness, CollectorRegistry registry, Configuration config) {
        register(router, readiness, registry, () -> config);
    }

    /** The same for a process whose configuration changes while it runs. */
    public static void register(
            Router router, Readiness readiness, CollectorRegistry registry, Supplier<Configuration> config) {
        router.get("/ready", r -> {
            List<String> problems = readiness.problems();
            return problems.isEmpty()
                    ? HttpResponse.text(200, "ready\n")
                    : HttpResponse.text(503, "not ready: " + String.join("; ", problems) + "\n");
        });
        router.get("/livez", r -> HttpResponse.text(200, "ok\n"));
        router.get(
                "/metrics",
                r -> new HttpResponse(200, Map.of("Content-Type", MetricsText.CONTENT_TYPE), out -> {
                    Writer w = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                    MetricsText.write(registry, w);
                    w.flush();
                }));
        String buildInfo = buildInfo(BuildInfo.current());
        router.get("/loki/api/v1/status/buildinfo", r -> HttpResponse.json(buildInfo));
        router.get(
                "/config",
                r -> HttpResponse.text(
                        200,
                        switch (r.paramOr("mode", "")) {
                            case "diff" -> config.get().difference();
                            case "defaults" -> config.get().defaults();
                            default -> config.get().inForce();
                        }));
        router.get("/services", r -> HttpResponse.text(200, services(readiness)));
        router.get("/log_level", r -> message(200, "Current log level is " + ProcessLog.level(), "success"));
        router.route(List.of("POST", "PUT"), "/log_level", OpsApi::setLogLevel);
    }

    /** A line for each part of the process. */
    private static String services(Readiness readiness) {
        StringBuilder text = new StringBuilder();
        readiness
                .parts()
                .forEach((name, well) -> text.append(name)
                        .append(" => ")
                        .append(well ? "Running" : "Failed")
                        .append('\n'));
        return text.toString();
    }

    private static HttpResponse setLogLevel(HttpRequest request) {
        String level = request.paramOr("log_level", "");
        try {
            ProcessLog.setLevel(level);
        } catch (IllegalArgumentException e) {
            return message(400, "unrecognized " + e.getMessage() + " (log_level)", "failed");
        }
        System.getLogger(OpsApi.class.getName()).log(System.Logger.Level.INFO, "log level set to " + level);
        return message(200, "Log level set to " + level, "success");
    }

    private static HttpResponse message(int status, String message, String outcome) {
        return HttpResponse.of(status, HttpResponse.JSON, json(g -> {
            g.writeStringField("message", message);
            g.writeStringField("status", outcome);
        }));
    }

    /** Writes the members of an object. */
    private interface Members {
        void write(JsonGenerator g) throws IOException;
    }

    private static String json(Members members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(text)) {
            g.writeStartObject();
            members.write(g);
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return text.toString();
    }

    private static String buildInfo(BuildInfo b) {
        return json(g -> {
            g.writeStringField("version", BuildInfo.LOKI_API_VERSION);
            g.writeStringField("revision", b.revision());
            g.writeStringField("branch", "");
            g.writeStringField("buildUser", "");
            g.writeStringField("buildDate", "");
            g.writeStringField("goVersion", "");
            g.writeStringField("product", "skald");
            g.writeStringField("productVersion", b.version());
        });
    }
}
