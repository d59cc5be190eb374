/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.ConfigException;
import io.skald.core.config.SkaldConfig;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.core.wire.RecentEntries;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.querier.source.ExactSource;
import io.skald.querier.source.FakeIngester;
import io.skald.querier.source.MultiTenantSource;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** The API without a server: its handlers over an ingester in the heap. Time stands still. */
final class ApiFixture implements AutoCloseable, Sources {
    /** The hour of all entries begins here. */
    static final long START = 1_800_000_000_000_000_000L;

    static final long SECOND = 1_000_000_000L;
    static final long NOW = START + 3600 * SECOND;

    /** An answer, or the refusal that the server would make one of. */
    record Answer(int status, String body) {}

    final FakeIngester ingester = new FakeIngester("a");
    final Map<String, Router.Handler> handlers = new HashMap<>();
    final Map<String, Router.SocketHandler> sockets = new HashMap<>();
    final CollectorRegistry registry = new CollectorRegistry();
    final QueryScheduler scheduler;
    private final CommitLog log = new CommitLog(new MemoryIndexStore());
    private final MemorySegmentStore objects = new MemorySegmentStore();
    private final SegmentReaders segments = new SegmentReaders(objects);

    /** @param config YAML as for {@code skald run} */
    ApiFixture(String config) throws ConfigException {
        SkaldConfig c = SkaldConfig.parse(config, "test");
        Router router = new Router() {
            @Override
            public void route(List<String> methods, String pattern, Handler handler) {
                handlers.put(pattern, handler);
            }

            @Override
            public void socket(String pattern, SocketHandler handler) {
                sockets.put(pattern, handler);
            }
        };
        scheduler =
                new QueryScheduler(2, c.querier().maxConcurrent(), c.querier().maxOutstandingRequestsPerTenant());
        scheduler.register(registry);
        QuerierApi.register(router, scheduler, this, c.tenantLimits(), c.multiTenant(), registry, () -> NOW);
    }

    /** Adds an entry so many seconds after the beginning. */
    ApiFixture add(Labels labels, long second, String line, Labels metadata) {
        ingester.entries.add(new FakeIngester.Entry(labels, START + second * SECOND, line, metadata));
        return this;
    }

    /** Moves what the ingester holds to segments; it still has it, too. */
    void flush(TenantId tenant) throws StoreException {
        ingester.flush(tenant, log, objects);
    }

    @Override
    public ExactSource of(TenantId tenant) {
        return new ExactSource(tenant, log, segments, this::ingesters);
    }

    @Override
    public ExactSource.Stored stored(TenantId tenant) throws StoreException {
        return of(tenant).stored();
    }

    @Override
    public LogSource across(List<TenantId> tenants) {
        Map<TenantId, LogSource> sources = new TreeMap<>();
        tenants.forEach(t -> sources.put(t, of(t)));
        return new MultiTenantSource(sources);
    }

    @Override
    public List<RecentEntries> ingesters() {
        return List.of(ingester);
    }

    static HttpRequest request(String pathAndQuery, Map<String, String> headers, BooleanSupplier disconnected) {
        int q = pathAndQuery.indexOf('?');
        Map<String, List<String>> params = new LinkedHashMap<>();
        if (q >= 0) {
            for (String pair : pathAndQuery.substring(q + 1).split("&", -1)) {
                int eq = pair.indexOf('=');
                params.computeIfAbsent(pair.substring(0, eq), k -> new ArrayList<>())
                        .add(URLDecoder.decode(pair.substring(eq + 1), StandardCharsets.UTF_8));
            }
        }
        String path = q < 0 ? pathAndQuery : pathAndQuery.substring(0, q);
        String[] parts = path.split("/", -1);
        Map<String, String> pathParams = path.endsWith("/values") ? Map.of("name", parts[parts.length - 2]) : Map.of();
        return new HttpRequest("GET", path, pathParams, params, headers, new byte[0], disconnected);
    }

    Answer get(String pathAndQuery) throws Exception {
        return get(pathAndQuery, Map.of());
    }

    Answer get(String pathAndQuery, Map<String, String> headers) throws Exception {
        HttpRequest request = request(pathAndQuery, headers, () -> false);
        String pattern = request.path().replaceFirst("/[^/]+/values$", "/{name}/values");
        Router.Handler handler = handlers.get(pattern);
        if (handler == null) {
            return new Answer(404, "no route " + pattern);
        }
        try {
            HttpResponse response = handler.handle(request);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            response.body().writeTo(out);
            return new Answer(response.status(), out.toString(StandardCharsets.UTF_8));
        } catch (RequestException e) {
            return new Answer(e.code().httpStatus(), e.getMessage());
        }
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
