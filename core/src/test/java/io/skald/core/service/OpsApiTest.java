/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpsApiTest {
    private final Map<String, Router.Handler> routes = new HashMap<>();
    private final String levelBefore = ProcessLog.level();

    private final Readiness readiness = new Readiness();

    OpsApiTest() {
        Router router = new Router() {
            @Override
            public void route(List<String> methods, String pattern, Handler handler) {
                methods.forEach(m -> routes.put(m + " " + pattern, handler));
            }

            @Override
            public void socket(String pattern, SocketHandler handler) {
                throw new AssertionError(pattern);
            }
        };
        OpsApi.register(
                router,
                readiness,
                new CollectorRegistry(),
                new OpsApi.Configuration("data_dir: x\n", "data_dir: y\n", "data_dir: z\n"));
    }

    @AfterEach
    void restore() {
        ProcessLog.setLevel(levelBefore);
    }

    private String ask(String route, Map<String, List<String>> params, int status) throws Exception {
        String[] parts = route.split(" ", 2);
        HttpRequest request = new HttpRequest(parts[0], parts[1], Map.of(), params, Map.of(), new byte[0], () -> false);
        Router.Handler handler = Objects.requireNonNull(routes.get(route), route);
        HttpResponse response = handler.handle(request);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        response.body().writeTo(out);
        assertThat(response.status()).isEqualTo(status);
        return out.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"debug", "info", "warn", "error"})
    void theLogLevelChangesWhileTheProcessRuns(String level) throws Exception {
        assertThat(ask("POST /log_level", Map.of("log_level", List.of(level)), 200))
                .isEqualTo("{\"message\":\"Log level set to " + level + "\",\"status\":\"success\"}");
        assertThat(ask("GET /log_level", Map.of(), 200))
                .isEqualTo("{\"message\":\"Current log level is " + level + "\",\"status\":\"success\"}");
        System.Logger logger = System.getLogger("io.skald.Anything");
        assertThat(logger.isLoggable(System.Logger.Level.DEBUG)).isEqualTo(level.equals("debug"));
        assertThat(logger.isLoggable(System.Logger.Level.INFO))
                .isEqualTo(level.equals("debug") || level.equals("info"));
        assertThat(logger.isLoggable(System.Logger.Level.ERROR)).isTrue();
    }

    @Test
    void anUnknownLevelChangesNothing() throws Exception {
        ask("PUT /log_level", Map.of("log_level", List.of("warn")), 200);
        assertThat(ask("POST /log_level", Map.of("log_level", List.of("loud")), 400))
                .isEqualTo(
                        "{\"message\":\"unrecognized log level loud: not one of debug, info, warn, error (log_level)\","
                                + "\"status\":\"failed\"}");
        assertThat(ProcessLog.level()).isEqualTo("warn");
    }

    @Test
    void theConfigurationIsShown() throws Exception {
        assertThat(ask("GET /config", Map.of(), 200)).isEqualTo("data_dir: x\n");
        assertThat(ask("GET /config", Map.of("mode", List.of("defaults")), 200)).isEqualTo("data_dir: y\n");
        assertThat(ask("GET /config", Map.of("mode", List.of("diff")), 200)).isEqualTo("data_dir: z\n");
    }

    @Test
    void eachPartOfTheProcessIsListed() throws Exception {
        readiness.add("wal", () -> null);
        readiness.add("disk", () -> "full");
        assertThat(ask("GET /services", Map.of(), 200)).isEqualTo("server => Failed\nwal => Running\ndisk => Failed\n");
        readiness.started();
        assertThat(ask("GET /services", Map.of(), 200)).startsWith("server => Running\n");
    }
}
