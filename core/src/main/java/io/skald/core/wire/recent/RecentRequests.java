/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import com.google.re2j.PatternSyntaxException;
import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.UnstoredDelete;
import java.util.ArrayList;
import java.util.List;

/** What is asked of an ingester, as bytes. */
public final class RecentRequests {
    private static final int LENGTHS = 1;
    private static final int LINES = 2;
    private static final int METADATA = 4;
    private static final int TERM_TEXT = 0;
    private static final int TERM_TEXT_ANY_CASE = 1;
    private static final int TERM_METADATA = 2;

    private RecentRequests() {}

    /** Opens a scan. */
    public record Open(TenantId tenant, long fence, List<UnstoredDelete> without, ScanRequest request) {
        public ByteSink encode() {
            ByteSink out = new ByteSink(256);
            out.string(tenant.value());
            out.varint(fence);
            putMatchers(out, request.matchers());
            out.i64(request.startNanos());
            out.i64(request.endNanos());
            out.u8(request.direction() == Direction.BACKWARD ? 1 : 0);
            ScanRequest.Columns c = request.columns();
            out.u8((c.lineLengths() ? LENGTHS : 0) | (c.lines() ? LINES : 0) | (c.metadata() ? METADATA : 0));
            out.varint(request.requirements().size());
            for (Requirement r : request.requirements()) {
                out.varint(r.anyOf().size());
                r.anyOf().forEach(t -> putTerm(out, t));
            }
            putDeletes(out, without);
            return out;
        }

        public static Open decode(ByteSource in) throws CorruptData {
            TenantId tenant = LabelsCodec.tenant(in);
            long fence = in.varint();
            List<Matcher> matchers = readMatchers(in);
            long start = in.i64();
            long end = in.i64();
            Direction direction = in.u8() == 1 ? Direction.BACKWARD : Direction.FORWARD;
            int columns = in.u8();
            int n = in.count("requirements", in.remaining());
            List<Requirement> requirements = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int terms = in.count("terms", in.remaining());
                if (terms == 0) {
                    throw in.corrupt("requirement without terms");
                }
                List<Requirement.Term> anyOf = new ArrayList<>();
                for (int t = 0; t < terms; t++) {
                    anyOf.add(term(in));
                }
                requirements.add(new Requirement(anyOf));
            }
            List<UnstoredDelete> without = readDeletes(in);
            in.expectEnd();
            return new Open(
                    tenant,
                    fence,
                    without,
                    new ScanRequest(
                            matchers,
                            start,
                            end,
                            direction,
                            new ScanRequest.Columns(
                                    (columns & LENGTHS) != 0, (columns & LINES) != 0, (columns & METADATA) != 0),
                            requirements));
        }
    }

    private static void putTerm(ByteSink out, Requirement.Term term) {
        switch (term) {
            case Requirement.Text t -> {
                out.u8(t.ignoreCase() ? TERM_TEXT_ANY_CASE : TERM_TEXT);
                out.varint(t.bytes().length);
                out.bytes(t.bytes(), 0, t.bytes().length);
            }
            case Requirement.Metadata m -> {
                out.u8(TERM_METADATA);
                out.string(m.name());
                out.string(m.value());
            }
        }
    }

    private static Requirement.Term term(ByteSource in) throws CorruptData {
        int kind = in.u8();
        return switch (kind) {
            case TERM_TEXT, TERM_TEXT_ANY_CASE -> {
                byte[] b = new byte[in.count("text length", in.remaining())];
                for (int i = 0; i < b.length; i++) {
                    b[i] = (byte) in.u8();
                }
                yield new Requirement.Text(b, kind == TERM_TEXT_ANY_CASE);
            }
            case TERM_METADATA -> {
                String name = in.string("name", RecentFormat.MAX_STRING);
                String value = in.string("value", RecentFormat.MAX_STRING);
                if (value.isEmpty()) {
                    throw in.corrupt("no value of " + name);
                }
                yield new Requirement.Metadata(name, value);
            }
            default -> throw in.corrupt("term of kind " + kind);
        };
    }

    /**
     * Asks for more of streams of an open scan.
     *
     * @param streams those wanted, the first most: the others only while the answer is short
     */
    public record Next(long scan, List<Place> streams) {
        /**
         * Where to go on in a stream.
         *
         * @param stream its place in the answer to the opening
         * @param rows entries that were had already
         */
        public record Place(int stream, long rows) {}

        public ByteSink encode() {
            ByteSink out = new ByteSink(16 + 6 * streams.size());
            out.i64(scan);
            out.varint(streams.size());
            for (Place p : streams) {
                out.varint(p.stream);
                out.varint(p.rows);
            }
            return out;
        }

        public static Next decode(ByteSource in) throws CorruptData {
            long scan = in.i64();
            int n = in.count("streams", in.remaining() / 2);
            List<Place> streams = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                streams.add(new Place(in.count("stream", RecentFormat.MAX_COUNT), in.varint()));
            }
            in.expectEnd();
            return new Next(scan, streams);
        }
    }

    /** Asks which streams there are, with or without their sizes. */
    public record Select(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos) {
        public ByteSink encode() {
            ByteSink out = new ByteSink(128);
            out.string(tenant.value());
            out.varint(fence);
            putMatchers(out, matchers);
            out.i64(startNanos);
            out.i64(endNanos);
            putDeletes(out, without);
            return out;
        }

        public static Select decode(ByteSource in) throws CorruptData {
            TenantId tenant = LabelsCodec.tenant(in);
            long fence = in.varint();
            List<Matcher> matchers = readMatchers(in);
            long start = in.i64();
            long end = in.i64();
            List<UnstoredDelete> without = readDeletes(in);
            in.expectEnd();
            return new Select(tenant, fence, without, matchers, start, end);
        }
    }

    /** Asks which lines of files are held. */
    public record Lines(List<HeldLines.Origin> origins) {
        public Lines {
            origins = List.copyOf(origins);
        }

        public ByteSink encode() {
            ByteSink out = new ByteSink(64 * origins.size() + 16);
            out.varint(origins.size());
            for (HeldLines.Origin o : origins) {
                out.string(o.agent());
                out.string(o.generation());
            }
            return out;
        }

        public static Lines decode(ByteSource in) throws CorruptData {
            int n = in.count("origins", in.remaining());
            List<HeldLines.Origin> all = new ArrayList<>(n);
            for (int i = 0; i < n; i++) {
                all.add(new HeldLines.Origin(
                        in.string("agent", RecentFormat.MAX_STRING), in.string("origin", RecentFormat.MAX_STRING)));
            }
            in.expectEnd();
            return new Lines(all);
        }
    }

    /** Follows the log. */
    public record Tail(TenantId tenant, List<Matcher> matchers, long fromPosition, int maxEntries, long maxWaitMillis) {
        public ByteSink encode() {
            ByteSink out = new ByteSink(128);
            out.string(tenant.value());
            putMatchers(out, matchers);
            out.varint(fromPosition);
            out.varint(maxEntries);
            out.varint(maxWaitMillis);
            return out;
        }

        public static Tail decode(ByteSource in) throws CorruptData {
            Tail t = new Tail(
                    LabelsCodec.tenant(in),
                    readMatchers(in),
                    in.varint(),
                    in.count("entries", Integer.MAX_VALUE),
                    in.count("wait", 600_000));
            in.expectEnd();
            return t;
        }
    }

    /** Nothing at all when there are none. */
    private static void putDeletes(ByteSink out, List<UnstoredDelete> deletes) {
        if (deletes.isEmpty()) {
            return;
        }
        out.varint(deletes.size());
        for (UnstoredDelete d : deletes) {
            out.varint(d.n());
            out.string(d.query());
            out.i64(d.startNanos());
            out.i64(d.endNanos());
            out.varint(d.before());
        }
    }

    private static List<UnstoredDelete> readDeletes(ByteSource in) throws CorruptData {
        List<UnstoredDelete> all = new ArrayList<>();
        for (int n = in.remaining() == 0 ? 0 : in.count("deletes", in.remaining() / 19); n > 0; n--) {
            all.add(new UnstoredDelete(
                    in.varint(), in.string("query", RecentFormat.MAX_STRING), in.i64(), in.i64(), in.varint()));
        }
        return all;
    }

    private static void putMatchers(ByteSink out, List<Matcher> matchers) {
        out.varint(matchers.size());
        for (Matcher m : matchers) {
            out.string(m.name());
            out.string(m.op().symbol());
            out.string(m.value());
        }
    }

    private static List<Matcher> readMatchers(ByteSource in) throws CorruptData {
        int n = in.count("matchers", in.remaining() / 3);
        List<Matcher> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String name = in.string("name", RecentFormat.MAX_STRING);
            Matcher.Op op = operator(in.string("operator", 2), in);
            String value = in.string("value", RecentFormat.MAX_STRING);
            try {
                all.add(new Matcher(name, op, value));
            } catch (PatternSyntaxException e) {
                throw in.corrupt("matcher of " + name + ": " + e.getMessage());
            }
        }
        return all;
    }

    private static Matcher.Op operator(String symbol, ByteSource in) throws CorruptData {
        for (Matcher.Op o : Matcher.Op.values()) {
            if (o.symbol().equals(symbol)) {
                return o;
            }
        }
        throw in.corrupt("operator '" + symbol + "'");
    }
}
