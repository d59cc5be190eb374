/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.cli.Output;
import io.skald.storage.segment.SegmentInspection;
import io.skald.storage.segment.SegmentInspection.Block;
import io.skald.storage.segment.SegmentInspection.Report;
import io.skald.storage.segment.SegmentInspection.Section;
import io.skald.storage.segment.SegmentInspection.Stream;
import java.io.IOException;
import java.nio.file.Path;

/** Prints a segment. */
final class SegmentView {
    private final Path file;
    private final Output out;
    private final InspectCommand.Form form;

    SegmentView(Path file, Output out, InspectCommand.Form form) {
        this.file = file;
        this.out = out;
        this.form = form;
    }

    boolean lines() throws IOException {
        SegmentInspection.lines(
                file,
                (stream, nanos, buffer, offset, length, metadata) ->
                        Entries.entry(out, form, "", stream, nanos, buffer, offset, length, metadata));
        return true;
    }

    /** Whether it is whole. */
    boolean report() throws IOException {
        Report r = SegmentInspection.of(file);
        if (form == InspectCommand.Form.JSON) {
            Entries.object(out, g -> json(g, r));
        } else {
            text(r);
        }
        return r.problems().isEmpty();
    }

    private void text(Report r) throws Output.Gone {
        long entries = r.streams().stream().mapToLong(Stream::entries).sum();
        long lineBytes = r.streams().stream().mapToLong(Stream::lineBytes).sum();
        out.println("segment    " + file);
        out.println("bytes      " + r.bytes() + ", version " + r.version());
        out.println(
                "entries    " + entries + " in " + r.streams().size() + " chunks, " + lineBytes + " bytes of lines");
        out.println("checksums  "
                + (r.problems().isEmpty() ? "all hold" : r.problems().size() + " do not hold, or nothing is there"));
        for (String p : r.problems()) {
            out.println("  " + p);
        }
        out.println("directory  " + r.sections().size() + " sections, " + r.filterPartitions() + " filter partitions");
        for (Section s : r.sections()) {
            out.println("  " + s.name() + " at " + s.offset() + ": " + s.bytes() + " bytes, " + s.rawBytes() + " raw");
        }
        out.println("blocks     " + r.blocks().size());
        for (Block b : r.blocks()) {
            out.println(
                    "  #" + b.number() + " at " + b.offset() + ": " + b.bytes() + " bytes, " + b.rows() + " entries, "
                            + b.lineBytes() + " bytes of lines, " + Entries.time(b.minNanos()) + " to "
                            + Entries.time(b.maxNanos())
                            + (b.shared() ? ", several streams" : "")
                            + (b.problem().isEmpty() ? "" : ", DAMAGED"));
        }
        out.println("streams    " + r.streams().size());
        for (Stream s : r.streams()) {
            out.println("  " + s.labels() + ": " + s.entries() + " entries, " + s.lineBytes() + " bytes of lines, "
                    + Entries.time(s.minNanos()) + " to " + Entries.time(s.maxNanos()) + ", blocks " + s.blocks());
        }
    }

    private void json(JsonGenerator g, Report r) throws IOException {
        g.writeStringField("file", file.toString());
        g.writeStringField("kind", "segment");
        g.writeNumberField("bytes", r.bytes());
        g.writeNumberField("version", r.version());
        g.writeNumberField("filterPartitions", r.filterPartitions());
        Entries.strings(g, "problems", r.problems());
        g.writeArrayFieldStart("sections");
        for (Section s : r.sections()) {
            g.writeStartObject();
            g.writeStringField("name", s.name());
            g.writeNumberField("offset", s.offset());
            g.writeNumberField("bytes", s.bytes());
            g.writeNumberField("rawBytes", s.rawBytes());
            g.writeEndObject();
        }
        g.writeEndArray();
        g.writeArrayFieldStart("blocks");
        for (Block b : r.blocks()) {
            g.writeStartObject();
            g.writeNumberField("number", b.number());
            g.writeBooleanField("shared", b.shared());
            g.writeNumberField("offset", b.offset());
            g.writeNumberField("bytes", b.bytes());
            g.writeNumberField("entries", b.rows());
            g.writeNumberField("lineBytes", b.lineBytes());
            g.writeStringField("from", Entries.time(b.minNanos()));
            g.writeStringField("to", Entries.time(b.maxNanos()));
            g.writeStringField("problem", b.problem());
            g.writeEndObject();
        }
        g.writeEndArray();
        g.writeArrayFieldStart("streams");
        for (Stream s : r.streams()) {
            g.writeStartObject();
            Entries.labels(g, "labels", s.labels());
            g.writeNumberField("entries", s.entries());
            g.writeNumberField("lineBytes", s.lineBytes());
            g.writeStringField("from", Entries.time(s.minNanos()));
            g.writeStringField("to", Entries.time(s.maxNanos()));
            g.writeArrayFieldStart("blocks");
            for (int b : s.blocks()) {
                g.writeNumber(b);
            }
            g.writeEndArray();
            g.writeEndObject();
        }
        g.writeEndArray();
    }
}
