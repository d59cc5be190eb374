/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Counted;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.PatternScan;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanPlan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Several tenants as one: each stream gets the label {@code __tenant_id__}. A label of that name that a stream already has moves to {@code
 * original___tenant_id__}. Matchers on {@code __tenant_id__} choose among the tenants. Thread-safe.
 */
public final class MultiTenantSource implements LogSource {
    /** The label that says whose a stream is. */
    public static final String TENANT_LABEL = "__tenant_id__";

    private static final String ORIGINAL_TENANT_LABEL = "original_" + TENANT_LABEL;

    private final TreeMap<TenantId, LogSource> sources;

    public MultiTenantSource(Map<TenantId, ? extends LogSource> sources) {
        this.sources = new TreeMap<>(sources);
    }

    /**
     * The same as metric queries see it: there a matcher on {@code __tenant_id__} chooses among the tenants and must hold for the stream
     * itself, too, which has no such label; so {@code =} selects nothing, {@code !=} leaves a tenant out. Clients of Loki know it so.
     */
    public static LogSource forMetrics(LogSource source) {
        return new MetricSource(source);
    }

    private record MetricSource(LogSource source) implements LogSource {
        @Override
        public Scan open(ScanRequest request) throws StoreException {
            boolean none = request.matchers().stream().anyMatch(m -> m.name().equals(TENANT_LABEL) && !m.matches(""));
            return none ? new MergedScan(request.direction()) : source.open(request);
        }

        @Override
        public PatternScan patterns(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
            return source.patterns(matchers, startNanos, endNanos);
        }

        @Override
        public ScanPlan plan(ScanRequest request) throws StoreException {
            return source.plan(request);
        }

        @Override
        public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
            return source.series(matchers, startNanos, endNanos);
        }

        @Override
        public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos)
                throws StoreException {
            return source.streamStats(matchers, startNanos, endNanos);
        }

        @Override
        public Found<List<StreamStats>> streamStats(List<Matcher> matchers, long[] bounds) throws StoreException {
            return source.streamStats(matchers, bounds);
        }
    }

    /** Does something for each tenant that the matchers select. */
    private interface PerTenant {
        void accept(TenantId tenant, LogSource source, List<Matcher> matchers) throws StoreException;
    }

    private void each(List<Matcher> matchers, PerTenant action) throws StoreException {
        List<Matcher> inner = new ArrayList<>();
        List<Matcher> outer = new ArrayList<>();
        for (Matcher m : matchers) {
            if (m.name().equals(TENANT_LABEL)) {
                outer.add(m);
            } else if (m.name().equals(ORIGINAL_TENANT_LABEL)) {
                inner.add(new Matcher(TENANT_LABEL, m.op(), m.value()));
            } else {
                inner.add(m);
            }
        }
        for (Map.Entry<TenantId, LogSource> e : sources.entrySet()) {
            String id = e.getKey().value();
            if (outer.stream().allMatch(m -> m.matches(id))) {
                action.accept(e.getKey(), e.getValue(), inner);
            }
        }
    }

    private static Labels label(TenantId tenant, Labels labels) {
        Labels.Builder b = labels.toBuilder();
        String original = labels.get(TENANT_LABEL);
        if (original != null) {
            b.set(ORIGINAL_TENANT_LABEL, original);
        }
        return b.set(TENANT_LABEL, tenant.value()).build();
    }

    @Override
    public Scan open(ScanRequest request) throws StoreException {
        MergedScan all = new MergedScan(request.direction());
        try {
            each(request.matchers(), (tenant, source, matchers) -> {
                Scan scan = source.open(with(matchers, request));
                all.own(scan);
                for (StreamScan s : scan.streams()) {
                    all.add(new Relabelled(label(tenant, s.labels()), s));
                }
            });
            return all;
        } catch (StoreException | RuntimeException e) {
            all.close();
            throw e;
        }
    }

    @Override
    public PatternScan patterns(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
        List<PatternScan.Stream> streams = new ArrayList<>();
        List<PatternScan> owned = new ArrayList<>();
        MergedPatterns all = new MergedPatterns(streams, owned);
        try {
            each(matchers, (tenant, source, inner) -> {
                PatternScan scan = source.patterns(inner, startNanos, endNanos);
                owned.add(scan);
                for (PatternScan.Stream s : scan.streams()) {
                    streams.add(new PatternScan.Stream(label(tenant, s.labels()), s.mined(), s.lines()));
                }
            });
            streams.sort(Comparator.comparing(PatternScan.Stream::labels));
            return all;
        } catch (StoreException | RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private static ScanRequest with(List<Matcher> matchers, ScanRequest request) {
        return new ScanRequest(
                matchers,
                request.startNanos(),
                request.endNanos(),
                request.direction(),
                request.columns(),
                withoutTenantLabels(request.requirements()));
    }

    @Override
    public ScanPlan plan(ScanRequest request) throws StoreException {
        ScanPlan[] sum = {ScanPlan.NOTHING};
        each(
                request.matchers(),
                (tenant, source, matchers) -> sum[0] = sum[0].plus(source.plan(with(matchers, request))));
        return sum[0];
    }

    @Override
    public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
        Warnings warnings = new Warnings();
        List<Labels> all = new ArrayList<>();
        each(matchers, (tenant, source, inner) -> {
            Found<Labels> found = source.series(inner, startNanos, endNanos);
            found.items().forEach(l -> all.add(label(tenant, l)));
            found.warnings().forEach(warnings::add);
        });
        all.sort(null);
        return new Found<>(all, warnings.list());
    }

    @Override
    public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos)
            throws StoreException {
        Found<List<StreamStats>> found = streamStats(matchers, new long[] {startNanos, endNanos});
        return new Found<>(found.items().getFirst(), found.warnings());
    }

    @Override
    public Found<List<StreamStats>> streamStats(List<Matcher> matchers, long[] bounds) throws StoreException {
        Warnings warnings = new Warnings();
        List<List<StreamStats>> all = new ArrayList<>();
        for (int i = 0; i + 1 < bounds.length; i++) {
            all.add(new ArrayList<>());
        }
        each(matchers, (tenant, source, inner) -> {
            Found<List<StreamStats>> found = source.streamStats(inner, bounds);
            for (int i = 0; i < all.size(); i++) {
                for (StreamStats s : found.items().get(i)) {
                    all.get(i).add(new StreamStats(label(tenant, s.labels()), s.chunks(), s.entries(), s.bytes()));
                }
            }
            found.warnings().forEach(warnings::add);
        });
        all.forEach(range -> range.sort(Comparator.comparing(StreamStats::labels)));
        return new Found<>(all, warnings.list());
    }

    /** What is asked of labels that are added here says nothing of what is stored. */
    private static List<Requirement> withoutTenantLabels(List<Requirement> requirements) {
        return requirements.stream()
                .filter(r -> r.anyOf().stream()
                        .noneMatch(t -> t instanceof Requirement.Metadata m
                                && (m.name().equals(TENANT_LABEL) || m.name().equals(ORIGINAL_TENANT_LABEL))))
                .toList();
    }

    private record Relabelled(Labels labels, StreamScan stream) implements StreamScan {
        @Override
        public long minNanos() {
            return stream.minNanos();
        }

        @Override
        public long maxNanos() {
            return stream.maxNanos();
        }

        private List<StreamScan> relabelled(List<StreamScan> scans) {
            List<StreamScan> all = new ArrayList<>(scans.size());
            scans.forEach(s -> all.add(new Relabelled(labels, s)));
            return all;
        }

        @Override
        public List<StreamScan> pieces() {
            return relabelled(stream.pieces());
        }

        @Override
        public @Nullable Counted counted(Counted.Wanted wanted) throws StoreException {
            Counted c = stream.counted(wanted);
            return c == null ? null : new Counted(c.cells(), relabelled(c.rest()));
        }

        @Override
        public EntryCursor open() throws StoreException {
            return stream.open();
        }
    }
}
