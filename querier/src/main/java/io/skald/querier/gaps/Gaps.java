/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.gaps;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.RecentEntries;
import io.skald.querier.source.Ingesters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Loss accounting: asks all ingesters which lines of agents' files they hold, and tells what none of them has, as {@code GET
 * /skald/api/v1/gaps} and as metrics. Thread-safe.
 */
public final class Gaps implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Gaps.class.getName());
    private static final JsonFactory JSON = new JsonFactory();
    private static final Duration LOOK_EVERY = Duration.ofSeconds(30);
    /** What is missing for less may be on its way: pushes of one agent overtake each other when they go to several ingesters. */
    private static final Duration GRACE = Duration.ofMinutes(2);

    private final Ingesters ingesters;
    private final boolean multiTenant;
    private final InstantSource clock;
    private final CollectorRegistry registry;
    private final Gauge now = Gauge.build("skald_gap_lines", "Lines of agents' files that no ingester has now.")
            .labelNames("tenant")
            .create();
    private final Counter total = Counter.build(
                    "skald_missing_lines_total", "Lines of agents' files that were found missing, or were given up.")
            .labelNames("tenant")
            .create();
    private final Thread thread = Thread.ofVirtual().name("skald-gaps").unstarted(this::run);
    private final Map<String, Long> last = new HashMap<>();

    /** @param multiTenant whether requests must name their tenant */
    public Gaps(Ingesters ingesters, boolean multiTenant, InstantSource clock, CollectorRegistry registry) {
        this.ingesters = ingesters;
        this.multiTenant = multiTenant;
        this.clock = clock;
        this.registry = registry;
    }

    /** Adds the endpoint and the metrics, and begins to look. */
    public void register(Router router) {
        router.get("/skald/api/v1/gaps", this::gaps);
        registry.register(now);
        registry.register(total);
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(LOOK_EVERY);
                count();
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    /** Brings the metrics up to date, if every ingester answers. */
    void count() {
        Found found = find();
        if (!found.warnings.isEmpty()) {
            LOG.log(System.Logger.Level.DEBUG, () -> "lines cannot be accounted for now: " + found.warnings);
            return;
        }
        long before = clock.millis() - GRACE.toMillis();
        Map<String, Long> lines = new TreeMap<>();
        last.keySet().forEach(t -> lines.put(t, 0L));
        for (Gap g : found.gaps) {
            // a file of several tenants is counted once
            String tenant = g.tenants().isEmpty() ? "" : g.tenants().getFirst().value();
            lines.merge(tenant, g.lines(before), Long::sum);
        }
        lines.forEach((tenant, n) -> {
            now.labels(tenant).set((double) n);
            long more = n - last.getOrDefault(tenant, 0L);
            total.labels(tenant).inc((double) Math.max(0, more));
            last.put(tenant, n);
        });
    }

    /** What is missing, and which ingesters could not be asked. */
    private record Found(List<Gap> gaps, List<String> warnings) {}

    private Found find() {
        List<String> warnings = new ArrayList<>();
        List<HeldLines> incomplete = new ArrayList<>();
        List<RecentEntries> all;
        try {
            all = ingesters.holding();
        } catch (StoreException e) {
            return new Found(List.of(), List.of("which ingesters there are cannot be read: " + e.getMessage()));
        }
        for (RecentEntries r : all) {
            ask(r, List.of(), incomplete, warnings);
        }
        Set<HeldLines.Origin> origins = new LinkedHashSet<>();
        incomplete.forEach(h -> origins.add(h.origin()));
        if (all.size() == 1 || origins.isEmpty()) {
            return new Found(Gap.of(incomplete), warnings);
        }
        // what is complete in itself at one ingester may fill a gap at another
        List<HeldLines> held = new ArrayList<>();
        for (RecentEntries r : all) {
            ask(r, List.copyOf(origins), held, warnings);
        }
        return new Found(Gap.of(held), warnings);
    }

    private static void ask(
            RecentEntries ingester, List<HeldLines.Origin> of, List<HeldLines> into, List<String> warnings) {
        try {
            into.addAll(ingester.lines(of));
        } catch (StoreException e) {
            warnings.add("ingester " + ingester.ingesterId() + " did not answer, what it holds may be told missing: "
                    + e.getMessage());
        }
    }

    private HttpResponse gaps(HttpRequest request) throws IOException {
        TenantId tenant = request.tenant(multiTenant);
        Found found = find();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartObject();
            g.writeStringField("status", "success");
            g.writeArrayFieldStart("data");
            for (Gap gap : found.gaps) {
                if (gap.tenants().contains(tenant)) {
                    write(g, gap);
                }
            }
            g.writeEndArray();
            if (!found.warnings.isEmpty()) {
                g.writeArrayFieldStart("warnings");
                for (String w : found.warnings) {
                    g.writeString(w);
                }
                g.writeEndArray();
            }
            g.writeEndObject();
        }
        return HttpResponse.of(200, HttpResponse.JSON, out.toByteArray());
    }

    private static void write(JsonGenerator g, Gap gap) throws IOException {
        g.writeStartObject();
        g.writeStringField("agent", gap.origin().agent());
        g.writeStringField("origin", gap.origin().generation());
        g.writeNumberField("lines", gap.lines(Long.MAX_VALUE));
        g.writeArrayFieldStart("missing");
        for (Gap.Hole h : gap.holes()) {
            g.writeStartObject();
            g.writeNumberField("first", h.first());
            g.writeNumberField("last", h.end() - 1);
            g.writeStringField("since", Instant.ofEpochMilli(h.sinceMillis()).toString());
            g.writeEndObject();
        }
        g.writeEndArray();
        g.writeArrayFieldStart("dropped");
        for (HeldLines.GivenUp u : gap.givenUp()) {
            g.writeStartObject();
            g.writeNumberField("first", u.first());
            g.writeNumberField("last", u.first() + u.count() - 1);
            g.writeNumberField("lines", u.missing());
            g.writeStringField("since", Instant.ofEpochMilli(u.atMillis()).toString());
            g.writeEndObject();
        }
        g.writeEndArray();
        g.writeEndObject();
    }

    /** Looks no more, and takes the metrics back. */
    @Override
    public void close() {
        thread.interrupt();
        registry.unregister(now);
        registry.unregister(total);
    }
}
