/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The payload of a record of entries, version 1, as docs/formats/wal.md shows it: tenant, then one fragment after the other. A fragment is
 * entries of one stream, contiguous and self-contained: labels, counts, then columns of times, lengths and metadata, then the lines.
 */
public final class BatchCodec {
    /** A fragment is cut when it has this many bytes, so that a reader holds little at once. */
    private static final int FRAGMENT_BYTES = 1 << 20;
    /** A record is cut when it has this many bytes. */
    private static final int RECORD_BYTES = 8 << 20;
    /** More than the parts of a fragment's head that are not labels, times, lengths or metadata can take. */
    private static final int FIXED_BYTES = 96;
    /** More than a time and a length can take. */
    private static final int ROW_BYTES = 20;

    private final TenantId tenant;
    private final int maxPayload;
    private final List<EncodedBatch> records = new ArrayList<>();
    private final List<EncodedBatch.Fragment> fragments = new ArrayList<>();
    private final MetadataIds ids = new MetadataIds();
    private PayloadWriter out;

    private BatchCodec(TenantId tenant, int maxPayload, int capacity) {
        this.tenant = tenant;
        this.maxPayload = Math.min(maxPayload, RECORD_BYTES);
        this.out = new PayloadWriter(capacity);
        begin();
    }

    /**
     * Encodes a push; one that is too large for a record becomes several.
     *
     * @param maxPayload most bytes of a record's payload
     * @throws RequestException if a single entry is too large for a record
     */
    public static List<EncodedBatch> encode(TenantId tenant, List<EntryBatch> batches, int maxPayload) {
        long estimate = 64;
        for (EntryBatch b : batches) {
            estimate += b.lineBytes() + 32L * b.size() + 256;
        }
        BatchCodec codec = new BatchCodec(tenant, maxPayload, (int) Math.min(estimate, RECORD_BYTES));
        for (EntryBatch b : batches) {
            codec.add(b);
        }
        codec.finish();
        return codec.records;
    }

    private void begin() {
        byte[] id = tenant.value().getBytes(StandardCharsets.UTF_8);
        out.varint(id.length);
        out.bytes(id, 0, id.length);
    }

    private void finish() {
        if (!fragments.isEmpty()) {
            records.add(new EncodedBatch(tenant, out.array(), out.size(), fragments));
            fragments.clear();
            out = new PayloadWriter(1024);
            begin();
        }
    }

    @SuppressWarnings("ReferenceEquality") // neighbours share their metadata object; others only cost a look
    private void add(EntryBatch b) {
        int labelBytes = size(b.labels());
        int from = 0;
        Labels last = Labels.EMPTY;
        int lastBytes = size(last);
        while (from < b.size()) {
            long bytes = (long) FIXED_BYTES + labelBytes;
            int to = from;
            while (to < b.size()) {
                if (b.metadata(to) != last) {
                    last = b.metadata(to);
                    lastBytes = size(last);
                }
                long row = ROW_BYTES + (long) b.length(to) + lastBytes;
                if (to > from && bytes + row > Math.min(FRAGMENT_BYTES, maxPayload - TenantId.MAX_LENGTH - 2)) {
                    break;
                }
                bytes += row;
                to++;
            }
            if (out.size() + bytes > maxPayload) {
                finish();
            }
            if (out.size() + bytes > maxPayload) {
                throw new RequestException(
                        ErrorCode.PAYLOAD_TOO_LARGE,
                        "entry of stream " + b.labels() + " takes up to " + bytes + " bytes, a WAL record at most "
                                + maxPayload);
            }
            fragment(b, from, to);
            from = to;
        }
    }

    /** More than labels can take. */
    private static int size(Labels labels) {
        int n = 10;
        for (int i = 0; i < labels.size(); i++) {
            n += 10 + 3 * (labels.name(i).length() + labels.value(i).length());
        }
        return n;
    }

    private void fragment(EntryBatch b, int from, int to) {
        int start = out.size();
        out.i32(0);
        out.i32(0);
        out.i32(0);
        out.i32(0);
        labels(b.labels(), out);
        out.varint(to - from);
        int rangeAt = out.size();
        out.i64(0);
        out.i64(0);
        // no loop in here: the compiler is quick with what has one, and slow with what has all of them
        PayloadWriter.Times times = out.times(b, from, to);
        out.lengths(b, from, to);
        metadata(b, from, to);
        int headBytes = out.size() - start;
        out.lines(b, from, to);
        int lineBytes = out.size() - start - headBytes;
        putI64(rangeAt, times.min());
        putI64(rangeAt + 8, times.max());
        FragmentHeader.put(out, start, headBytes, lineBytes);
        fragments.add(new EncodedBatch.Fragment(
                b.labels(), start, headBytes, lineBytes, 0, to - from, times.increasing(), times.min(), times.max()));
    }

    private void putI64(int at, long v) {
        out.putI32(at, (int) (v >>> 32));
        out.putI32(at + 4, (int) v);
    }

    static void labels(Labels l, PayloadWriter out) {
        out.varint(l.size());
        for (int i = 0; i < l.size(); i++) {
            out.string(l.name(i));
            out.string(l.value(i));
        }
    }

    private void metadata(EntryBatch b, int from, int to) {
        ids.clear();
        int[] rows = ids.rows(b, from, to);
        out.varint(ids.size());
        distinct();
        if (ids.size() > 1) {
            out.varints(rows);
        }
    }

    private void distinct() {
        for (int i = 0; i < ids.size(); i++) {
            labels(ids.get(i), out);
        }
    }

    /** Reads the fragments of a payload without their columns. */
    static EncodedFragments read(MemorySegment payload) {
        byte[] bytes = payload.toArray(ValueLayout.JAVA_BYTE);
        PayloadReader in = new PayloadReader(bytes, 0, bytes.length);
        TenantId tenant = in.tenant();
        List<EncodedBatch.Fragment> found = new ArrayList<>();
        while (in.position() < bytes.length) {
            int start = in.position();
            int headBytes = in.i32();
            int lineBytes = in.i32();
            FragmentHeader.checkLengths(headBytes, lineBytes, bytes.length - start);
            in.position(start + FragmentHeader.LENGTH);
            Labels labels = labels(in);
            int count = in.count(headBytes);
            long min = in.i64();
            long max = in.i64();
            long last = 0;
            boolean increasing = true;
            for (int i = 0; i < count; i++) {
                long t = last + in.zigzag();
                increasing &= i == 0 || t > last;
                last = t;
            }
            in.position(start + headBytes + lineBytes);
            found.add(new EncodedBatch.Fragment(labels, start, headBytes, lineBytes, 0, count, increasing, min, max));
        }
        return new EncodedFragments(tenant, found);
    }

    /** What a payload holds. */
    record EncodedFragments(TenantId tenant, List<EncodedBatch.Fragment> fragments) {}

    static Labels labels(PayloadReader in) {
        int n = in.count(Integer.MAX_VALUE);
        if (n == 0) {
            return Labels.EMPTY;
        }
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < n; i++) {
            b.set(in.string(), in.string());
        }
        return b.build();
    }
}
