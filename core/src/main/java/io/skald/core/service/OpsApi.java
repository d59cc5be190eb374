/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.prometheus.client.CollectorRegistry;
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

    private OpsApi() {}

    /**
     * Adds {@code /ready}, {@code /livez}, {@code /metrics}, {@code /loki/api/v1/status/buildinfo} and {@code /config}.
     *
     * @param config the configuration in force as YAML, secrets hidden
     */
    public static void register(
            Router router, Readiness readiness, CollectorRegistry registry, Supplier<String> config) {
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
        router.get("/config", r -> HttpResponse.text(200, config.get()));
    }

    private static String buildInfo(BuildInfo b) {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(text)) {
            g.writeStartObject();
            g.writeStringField("version", BuildInfo.LOKI_API_VERSION);
            g.writeStringField("revision", b.revision());
            g.writeStringField("branch", "");
            g.writeStringField("buildUser", "");
            g.writeStringField("buildDate", "");
            g.writeStringField("goVersion", "");
            g.writeStringField("product", "skald");
            g.writeStringField("productVersion", b.version());
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return text.toString();
    }
}
