/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.cli.Output;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.ingester.head.RecordContents;
import io.skald.ingester.wal.WalInspection;
import io.skald.ingester.wal.WalInspection.Report;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Prints a file of the write-ahead log. */
final class WalView {
    /** What a stream has in the file. */
    private static final class Stream {
        long entries;
        long lineBytes;
        long minNanos = Long.MAX_VALUE;
        long maxNanos = Long.MIN_VALUE;

        void add(EntryBatch b) {
            entries += b.size();
            lineBytes += b.lineBytes();
            for (int i = 0; i < b.size(); i++) {
                minNanos = Math.min(minNanos, b.timestampNanos(i));
                maxNanos = Math.max(maxNanos, b.timestampNanos(i));
            }
        }
    }

    private final Path file;
    private final Output out;
    private final InspectCommand.Form form;
    private final Map<String, Map<Labels, Stream>> tenants = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    WalView(Path file, Output out, InspectCommand.Form form) {
        this.file = file;
        this.out = out;
        this.form = form;
    }

    boolean lines() throws IOException {
        Report report = WalInspection.of(file, (offset, type, payload) -> {
            RecordContents record = decode(offset, payload);
            if (record == null) {
                return;
            }
            for (EntryBatch b : record.batches()) {
                for (int i = 0; i < b.size(); i++) {
                    Entries.entry(
                            out,
                            form,
                            record.tenant().value(),
                            b.labels(),
                            b.timestampNanos(i),
                            b.buffer(i),
                            b.offset(i),
                            b.length(i),
                            b.metadata(i));
                }
            }
        });
        problems.addAll(report.problems());
        problems.forEach(out::error);
        return problems.isEmpty();
    }

    private @Nullable RecordContents decode(int offset, MemorySegment payload) {
        try {
            return RecordContents.of(payload);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            problems.add("record at offset " + offset + " cannot be decoded: " + e.getMessage());
            return null;
        }
    }

    /** Whether it is whole. */
    boolean report() throws IOException {
        Report r = WalInspection.of(file, (offset, type, payload) -> {
            RecordContents record = decode(offset, payload);
            if (record != null) {
                for (EntryBatch b : record.batches()) {
                    tenants.computeIfAbsent(record.tenant().value(), t -> new TreeMap<>())
                            .computeIfAbsent(b.labels(), l -> new Stream())
                            .add(b);
                }
            }
        });
        problems.addAll(r.problems());
        if (form == InspectCommand.Form.JSON) {
            Entries.object(out, g -> json(g, r));
        } else {
            text(r);
        }
        return problems.isEmpty();
    }

    private void text(Report r) throws Output.Gone {
        out.println("WAL file   " + file);
        out.println("bytes      " + r.bytes() + ", made for " + r.segmentBytes());
        out.println("number     " + r.number() + ", epoch " + r.epoch()
                + (r.previousNumber() == 0 ? "" : ", after file " + r.previousNumber() + " up to " + r.previousEnd()));
        out.println("records    " + r.records() + ", up to offset " + r.end());
        out.println("checksums  " + (problems.isEmpty() ? "all hold up to there" : "damaged:"));
        for (String p : problems) {
            out.println("  " + p);
        }
        for (Map.Entry<String, Map<Labels, Stream>> t : tenants.entrySet()) {
            out.println("tenant     " + t.getKey() + ": " + t.getValue().size() + " streams");
            for (Map.Entry<Labels, Stream> e : t.getValue().entrySet()) {
                Stream s = e.getValue();
                out.println("  " + e.getKey() + ": " + s.entries + " entries, " + s.lineBytes + " bytes of lines, "
                        + Entries.time(s.minNanos) + " to " + Entries.time(s.maxNanos));
            }
        }
    }

    private void json(JsonGenerator g, Report r) throws IOException {
        g.writeStringField("file", file.toString());
        g.writeStringField("kind", "wal");
        g.writeNumberField("bytes", r.bytes());
        g.writeNumberField("number", r.number());
        g.writeNumberField("epoch", r.epoch());
        g.writeNumberField("segmentBytes", r.segmentBytes());
        g.writeNumberField("previousNumber", r.previousNumber());
        g.writeNumberField("previousEnd", r.previousEnd());
        g.writeNumberField("records", r.records());
        g.writeNumberField("end", r.end());
        Entries.strings(g, "problems", problems);
        g.writeArrayFieldStart("streams");
        for (Map.Entry<String, Map<Labels, Stream>> t : tenants.entrySet()) {
            for (Map.Entry<Labels, Stream> e : t.getValue().entrySet()) {
                Stream s = e.getValue();
                g.writeStartObject();
                g.writeStringField("tenant", t.getKey());
                Entries.labels(g, "labels", e.getKey());
                g.writeNumberField("entries", s.entries);
                g.writeNumberField("lineBytes", s.lineBytes);
                g.writeStringField("from", Entries.time(s.minNanos));
                g.writeStringField("to", Entries.time(s.maxNanos));
                g.writeEndObject();
            }
        }
        g.writeEndArray();
    }
}
