/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code loki_push_api} and {@code awsfirehose}: a listener of its own that takes entries over HTTP. What is answered with success is on the agent's
 * disk.
 */
final class HttpSource implements Source {
    private static final long MAX_WAIT_SECONDS = 30;

    private final String job;
    private final String type;
    private final String host;
    private final HttpServer server;
    private final Intake intake;

    HttpSource(String job, SourceSettings.PushApi settings, Intake intake) {
        this(job, "loki_push_api", settings.host(), settings.port(), intake);
        PushBodies bodies = new PushBodies(settings.useIncomingTimestamp());
        Route push = r -> {
            add(read(() -> bodies.loki(r, tenant(r))));
            return HttpResponse.noContent();
        };
        server.post("/loki/api/v1/push", push::handle);
        server.post("/api/prom/push", push::handle);
        server.post("/promtail/api/v1/raw", r -> {
            add(read(() -> bodies.raw(r, tenant(r))));
            return HttpResponse.noContent();
        });
        server.post("/otlp/v1/logs", this::otlp);
        server.post("/v1/logs", this::otlp);
        server.get("/ready", r -> HttpResponse.text(200, "ready\n"));
    }

    HttpSource(String job, SourceSettings.Firehose settings, Intake intake) {
        this(job, "awsfirehose", settings.host(), settings.port(), intake);
        FirehoseBodies bodies = new FirehoseBodies(settings.useIncomingTimestamp());
        server.post("/awsfirehose/api/v1/push", r -> {
            String key = r.header("X-Amz-Firehose-Access-Key");
            String id = r.header("X-Amz-Firehose-Request-Id");
            if (!settings.accessKey().isEmpty() && !same(settings.accessKey(), key)) {
                return FirehoseBodies.answer(401, id, "the access key is wrong");
            }
            try {
                add(read(() -> bodies.read(r, tenant(r))));
                return FirehoseBodies.answer(200, id, "");
            } catch (RequestException e) {
                return FirehoseBodies.answer(e.code().httpStatus(), id, String.valueOf(e.getMessage()));
            }
        });
    }

    private HttpSource(String job, String type, String host, int port, Intake intake) {
        this.job = job;
        this.type = type;
        this.host = host;
        this.intake = intake;
        // its numbers would have the names of those of the agent's own server
        this.server = new HttpServer(HttpServerConfig.of(host, port), new CollectorRegistry());
    }

    private HttpResponse otlp(HttpRequest r) throws InterruptedException {
        try {
            add(read(() -> OtlpBodies.read(r, tenant(r))));
            return OtlpBodies.taken(r);
        } catch (RequestException e) {
            return OtlpBodies.refused(r, e);
        }
    }

    /** Whether a secret is the right one; takes as long for one that is nearly right. */
    private static boolean same(String secret, @Nullable String given) {
        return given != null
                && MessageDigest.isEqual(
                        secret.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    /** Counts what cannot be read. */
    private List<Received> read(Supplier<List<Received>> body) {
        try {
            return body.get();
        } catch (RequestException e) {
            intake.malformed("request", String.valueOf(e.getMessage()));
            throw e;
        }
    }

    /** Answers a request. */
    private interface Route {
        HttpResponse handle(HttpRequest r) throws Exception;
    }

    private static @Nullable TenantId tenant(HttpRequest r) {
        String id = r.header(HttpRequest.TENANT_HEADER);
        return id == null || id.isEmpty() ? null : new TenantId(id);
    }

    private void add(List<Received> entries) throws InterruptedException {
        try {
            intake.add(entries, Map.of()).get(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            intake.failed("the agent's spool takes nothing");
            throw new RequestException(ErrorCode.UNAVAILABLE, job + ": the agent's spool takes nothing at present", e);
        }
    }

    /** The port, when it was left to the system. */
    int port() {
        return server.port();
    }

    @Override
    public SourceStatus status() {
        return intake.status(type, "http " + host + ":" + port(), problem(), false);
    }

    @Override
    public void start() throws IOException {
        server.start();
    }

    @Override
    public void close() {
        server.close();
    }
}
