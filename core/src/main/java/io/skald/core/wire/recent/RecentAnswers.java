/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.core.scan.ScanStats;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.RecentEntries.Arrival;
import io.skald.core.wire.RecentEntries.Arrived;
import io.skald.core.wire.RecentEntries.Tailed;
import java.util.ArrayList;
import java.util.List;

/** What an ingester answers, as bytes. */
public final class RecentAnswers {
    private RecentAnswers() {}

    /** Who answers. */
    public record Who(String ingesterId, long endPosition) {
        public ByteSink encode() {
            ByteSink out = new ByteSink(64);
            out.string(ingesterId);
            out.varint(endPosition);
            return out;
        }

        public static Who decode(ByteSource in) throws CorruptData {
            Who w = new Who(in.string("ingester id", RecentFormat.MAX_STRING), in.varint());
            in.expectEnd();
            return w;
        }
    }

    /** A stream of a scan. */
    public record Stream(Labels labels, long minNanos, long maxNanos) {}

    /**
     * The first frame of the answer to an opening; frames with pages follow.
     *
     * @param scan its number; 0 if everything is in the answer
     */
    public record Opened(long scan, List<Stream> streams) {
        public ByteSink encode() {
            ByteSink out = new ByteSink(64 * streams.size() + 16);
            out.i64(scan);
            out.varint(streams.size());
            for (Stream s : streams) {
                LabelsCodec.put(out, s.labels);
                out.i64(s.minNanos);
                out.i64(s.maxNanos);
            }
            return out;
        }

        public static Opened decode(ByteSource in) throws CorruptData {
            long scan = in.i64();
            int n = in.count("streams", in.remaining() / 17);
            List<Stream> streams = new ArrayList<>(n);
            for (int i = 0; i < n; i++) {
                streams.add(new Stream(LabelsCodec.get(in), in.i64(), in.i64()));
            }
            in.expectEnd();
            return new Opened(scan, streams);
        }
    }

    /** What a scan has read and found since it was last told: numbers for the query's statistics, and warnings. */
    public record Told(long lines, long bytes, long streams, long duplicates, List<String> warnings) {
        public void encode(ByteSink out) {
            out.varint(lines);
            out.varint(bytes);
            out.varint(streams);
            out.varint(duplicates);
            out.varint(warnings.size());
            warnings.forEach(out::string);
        }

        static Told decode(ByteSource in) throws CorruptData {
            long lines = in.varint();
            long bytes = in.varint();
            long streams = in.varint();
            long duplicates = in.varint();
            int n = in.count("warnings", in.remaining());
            List<String> warnings = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                warnings.add(in.string("warning", RecentFormat.MAX_STRING));
            }
            return new Told(lines, bytes, streams, duplicates, warnings);
        }

        /** Adds the numbers to statistics. */
        public void addTo(ScanStats stats) {
            stats.headLines.add(lines);
            stats.headBytes.add(bytes);
            stats.headStreams.add(streams);
            stats.duplicates.add(duplicates);
        }
    }

    /** A frame of pages. */
    public record Pages(Told told, List<Page> pages) {
        public static Pages decode(ByteSource in) throws CorruptData {
            Told told = Told.decode(in);
            byte[] bytes = in.array();
            List<Page> pages = new ArrayList<>();
            while (in.remaining() > 0) {
                pages.add(Page.decode(in, bytes));
            }
            return new Pages(told, pages);
        }
    }

    public static ByteSink series(List<Labels> all) {
        ByteSink out = new ByteSink(64 * all.size() + 16);
        out.varint(all.size());
        all.forEach(l -> LabelsCodec.put(out, l));
        return out;
    }

    public static List<Labels> series(ByteSource in) throws CorruptData {
        int n = in.count("streams", in.remaining());
        List<Labels> all = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            all.add(LabelsCodec.get(in));
        }
        in.expectEnd();
        return all;
    }

    public static ByteSink stats(List<StreamStats> all) {
        ByteSink out = new ByteSink(64 * all.size() + 16);
        out.varint(all.size());
        for (StreamStats s : all) {
            LabelsCodec.put(out, s.labels());
            out.varint(s.chunks());
            out.varint(s.entries());
            out.varint(s.bytes());
        }
        return out;
    }

    public static List<StreamStats> stats(ByteSource in) throws CorruptData {
        int n = in.count("streams", in.remaining());
        List<StreamStats> all = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            all.add(new StreamStats(LabelsCodec.get(in), in.varint(), in.varint(), in.varint()));
        }
        in.expectEnd();
        return all;
    }

    public static ByteSink arrived(Arrived a) {
        ByteSink out = new ByteSink(64 * a.arrivals().size() + 16);
        out.varint(a.nextPosition());
        out.varint(a.arrivals().size());
        for (Arrival one : a.arrivals()) {
            LabelsCodec.put(out, one.labels());
            out.i64(one.minNanos());
            out.i64(one.maxNanos());
            out.varint(one.entries());
        }
        return out;
    }

    public static Arrived arrived(ByteSource in) throws CorruptData {
        long next = in.varint();
        int n = in.count("arrivals", in.remaining());
        List<Arrival> all = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            all.add(new Arrival(LabelsCodec.get(in), in.i64(), in.i64(), in.varint()));
        }
        in.expectEnd();
        return new Arrived(all, next);
    }

    public static ByteSink lines(List<HeldLines> all) {
        ByteSink out = new ByteSink(128 * all.size() + 16);
        out.varint(all.size());
        for (HeldLines h : all) {
            out.string(h.origin().agent());
            out.string(h.origin().generation());
            out.varint(h.lastMillis());
            out.varint(h.tenants().size());
            h.tenants().forEach(t -> out.string(t.value()));
            out.varint(h.spans().size());
            for (HeldLines.Span s : h.spans()) {
                out.varint(s.first());
                out.varint(s.end());
                out.varint(s.sinceMillis());
            }
            out.varint(h.givenUp().size());
            for (HeldLines.GivenUp g : h.givenUp()) {
                out.varint(g.first());
                out.varint(g.count());
                out.varint(g.missing());
                out.varint(g.atMillis());
            }
        }
        return out;
    }

    public static List<HeldLines> lines(ByteSource in) throws CorruptData {
        int n = in.count("origins", in.remaining());
        List<HeldLines> all = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            HeldLines.Origin origin = new HeldLines.Origin(
                    in.string("agent", RecentFormat.MAX_STRING), in.string("origin", RecentFormat.MAX_STRING));
            long last = in.varint();
            List<TenantId> tenants = new ArrayList<>();
            for (int left = in.count("tenants", in.remaining()); left > 0; left--) {
                tenants.add(LabelsCodec.tenant(in));
            }
            List<HeldLines.Span> spans = new ArrayList<>();
            for (int left = in.count("spans", in.remaining()); left > 0; left--) {
                spans.add(new HeldLines.Span(in.varint(), in.varint(), in.varint()));
            }
            List<HeldLines.GivenUp> given = new ArrayList<>();
            for (int left = in.count("lines given up", in.remaining()); left > 0; left--) {
                given.add(new HeldLines.GivenUp(in.varint(), in.varint(), in.varint(), in.varint()));
            }
            all.add(new HeldLines(origin, tenants, spans, given, last));
        }
        in.expectEnd();
        return all;
    }

    public static ByteSink tailed(Tailed t) {
        ByteSink out = new ByteSink(1 << 14);
        out.varint(t.nextPosition());
        out.varint(t.batches().size());
        Page.Writer pages = new Page.Writer();
        for (EntryBatch b : t.batches()) {
            LabelsCodec.put(out, b.labels());
            try {
                pages.write(out, 0, 0, new BatchCursor(b), Columns.ALL, Integer.MAX_VALUE);
            } catch (StoreException e) {
                throw new IllegalStateException("a batch in memory cannot be read", e);
            }
        }
        return out;
    }

    public static Tailed tailed(ByteSource in) throws CorruptData {
        long next = in.varint();
        int n = in.count("batches", in.remaining());
        List<EntryBatch> batches = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            Labels labels = LabelsCodec.get(in);
            Page p = Page.decode(in, in.array());
            if (p.rows() > 0 && p.buffer().length == 0) {
                throw in.corrupt("page without lines");
            }
            EntryBatch b = new EntryBatch(labels, p.rows());
            for (int row = 0; row < p.rows(); row++) {
                b.add(p.times()[row], p.buffer(), p.offsets()[row], p.lengths()[row], p.metadata()[row]);
            }
            batches.add(b);
        }
        in.expectEnd();
        return new Tailed(batches, next);
    }

    /** A batch in the order of arrival. */
    private static final class BatchCursor implements EntryCursor {
        private final EntryBatch batch;
        private int row = -1;

        BatchCursor(EntryBatch batch) {
            this.batch = batch;
        }

        @Override
        public boolean next() {
            return ++row < batch.size();
        }

        @Override
        public long timestampNanos() {
            return batch.timestampNanos(row);
        }

        @Override
        public byte[] buffer() {
            return batch.buffer(row);
        }

        @Override
        public int offset() {
            return batch.offset(row);
        }

        @Override
        public int length() {
            return batch.length(row);
        }

        @Override
        public Labels metadata() {
            return batch.metadata(row);
        }

        @Override
        public void close() {}
    }
}
