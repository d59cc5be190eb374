/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import io.skald.core.wire.LevelDetector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What happens when the outbox is full: reading waits, or lines go, those of the least important levels first. What goes is counted and leaves a
 * line that says so in its stream. Confined to the spool thread.
 */
public final class SpoolLimit {
    private static final System.Logger LOG = System.getLogger(SpoolLimit.class.getName());
    /** From which share of the limit on a level goes. */
    private static final double DEBUG_FROM = 0.75;

    private static final double INFO_FROM = 0.85;
    private static final double WARN_FROM = 0.93;
    private static final double ERROR_FROM = 1.0;

    private final long maxBytes;
    private final boolean drop;
    private final SpoolMetrics metrics;
    private final Map<TenantId, Map<Labels, Gap>> gaps = new HashMap<>();

    /** Lines of a stream that went, and of which no line in the stream tells yet. */
    private static final class Gap {
        long lines;
        long fromNanos = Long.MAX_VALUE;
        long toNanos;
    }

    /** What of a batch is kept. */
    record Admitted(List<EntryBatch> streams, List<LineRange> ranges) {}

    /**
     * @param maxBytes about the most bytes of the outbox on disk
     * @param drop whether lines go, instead of reading waiting
     */
    public SpoolLimit(long maxBytes, boolean drop, SpoolMetrics metrics) {
        this.maxBytes = maxBytes;
        this.drop = drop;
        this.metrics = metrics;
    }

    /** Whether so many bytes more may be put into an outbox that has so many. */
    boolean hasRoom(long diskBytes, long more) {
        return drop || diskBytes == 0 || diskBytes + more <= maxBytes;
    }

    /** Which lines are kept, with lines about those that were not in front of them. */
    Admitted admit(TenantId tenant, List<EntryBatch> streams, List<LineRange> ranges, long diskBytes) {
        if (!drop) {
            return new Admitted(streams, ranges);
        }
        double full = (double) diskBytes / maxBytes;
        if (full < DEBUG_FROM) {
            return new Admitted(gaps.isEmpty() ? streams : withMarkers(tenant, streams), ranges);
        }
        List<EntryBatch> kept = new ArrayList<>();
        long dropped = 0;
        for (EntryBatch b : streams) {
            EntryBatch k = new EntryBatch(b.labels());
            for (int i = 0; i < b.size(); i++) {
                String level = level(b, i);
                if (full < from(level)) {
                    k.add(b.timestampNanos(i), b.buffer(i), b.offset(i), b.length(i), b.metadata(i));
                } else {
                    drop(tenant, b, i, level);
                    dropped++;
                }
            }
            if (k.size() > 0) {
                kept.add(k);
            }
        }
        return new Admitted(kept, dropped == 0 ? ranges : withMissing(ranges, dropped));
    }

    private static String level(EntryBatch b, int i) {
        Labels l = LevelDetector.withLevel(
                LevelDetector.named(b.labels()), b.metadata(i), b.buffer(i), b.offset(i), b.length(i), 2);
        return l.getOrEmpty(LevelDetector.LABEL);
    }

    private static double from(String level) {
        return switch (level) {
            case "debug", "trace" -> DEBUG_FROM;
            case "warn" -> WARN_FROM;
            case "error", "fatal", "critical" -> ERROR_FROM;
            default -> INFO_FROM;
        };
    }

    private void drop(TenantId tenant, EntryBatch b, int i, String level) {
        metrics.dropped.labels("spool_full", level).inc();
        Gap g = gaps.computeIfAbsent(tenant, t -> new HashMap<>()).computeIfAbsent(b.labels(), l -> new Gap());
        if (g.lines == 0) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    () -> "the outbox is full: lines of " + b.labels() + " are dropped, beginning with level " + level);
        }
        g.lines++;
        g.fromNanos = Math.min(g.fromNanos, b.timestampNanos(i));
        g.toNanos = Math.max(g.toNanos, b.timestampNanos(i));
    }

    /** Where files cannot be told apart any more, the first of the ranges takes what it can, and so on. */
    private static List<LineRange> withMissing(List<LineRange> ranges, long dropped) {
        List<LineRange> out = new ArrayList<>();
        long left = dropped;
        for (LineRange r : ranges) {
            long n = Math.min(left, r.count());
            left -= n;
            out.add(new LineRange(r.origin(), r.first(), r.count(), n));
        }
        return out;
    }

    private List<EntryBatch> withMarkers(TenantId tenant, List<EntryBatch> streams) {
        Map<Labels, Gap> mine = gaps.remove(tenant);
        if (mine == null) {
            return streams;
        }
        List<EntryBatch> out = new ArrayList<>();
        mine.forEach((labels, gap) -> {
            String text = "skald agent: " + gap.lines + " lines are missing here, the agent's spool was full";
            byte[] line = text.getBytes(StandardCharsets.UTF_8);
            EntryBatch b = new EntryBatch(labels, 1);
            b.add(gap.toNanos, line, 0, line.length, Labels.of("skald_gap", Long.toString(gap.lines)));
            out.add(b);
            LOG.log(
                    System.Logger.Level.WARNING,
                    () -> "the outbox has room again; " + gap.lines + " lines of " + labels + " were dropped");
        });
        out.addAll(streams);
        return out;
    }
}
