/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.ingester.wal.WalFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What the head remembers of one sealed WAL file, as docs/formats/wal.md shows it: tenants, their streams, and each one's fragments. Written
 * while the streams are at hand, so that a restart fills the head without reading the records.
 */
final class FragmentDirectory {
    private static final int VERSION = 1;

    private FragmentDirectory() {}

    /** Writes directories. Confined to one thread. */
    static final class Writer {
        private final PayloadWriter out = new PayloadWriter(16 << 10);

        Writer() {
            out.varint(VERSION);
        }

        /** Adds a tenant; its fragments all lie in one file. */
        void add(TenantId tenant, List<TenantHead.Stream> streams) {
            byte[] id = tenant.value().getBytes(StandardCharsets.UTF_8);
            out.varint(id.length);
            out.bytes(id, 0, id.length);
            out.varint(streams.size());
            for (TenantHead.Stream s : streams) {
                BatchCodec.labels(s.labels(), out);
                fragments(s.fragments());
            }
        }

        private void fragments(FragmentList.Slice f) {
            out.varint(f.size());
            long offset = 0;
            long min = 0;
            for (int i = 0; i < f.size(); i++) {
                long at = WalFormat.offset(f.address(i));
                out.varint(at - offset);
                out.varint(f.headBytes(i));
                out.varint(f.lineBytes(i));
                out.varint((long) f.count(i) << 2 | (f.isBlock(i) ? 2 : 0) | (f.increasing(i) ? 1 : 0));
                if (f.isBlock(i)) {
                    out.varint(f.blockBytes(i));
                }
                out.zigzag(f.minNanos(i) - min);
                out.varint(f.maxNanos(i) - f.minNanos(i));
                offset = at;
                min = f.minNanos(i);
            }
        }

        byte[] finish() {
            return Arrays.copyOf(out.array(), out.size());
        }
    }

    /** Receives what a directory holds. */
    interface Sink {
        /** @param fragments at least one, in order of address; the sink's from now on */
        void stream(TenantId tenant, Labels labels, FragmentList fragments);
    }

    /**
     * Reads a directory.
     *
     * @return false if another version wrote it; nothing was handed over then
     * @throws IllegalArgumentException if it is malformed
     */
    static boolean read(long number, byte[] content, Sink sink) {
        PayloadReader in = new PayloadReader(content, 0, content.length);
        if (in.varint() != VERSION) {
            return false;
        }
        while (in.position() < content.length) {
            TenantId tenant = in.tenant();
            int streams = in.length();
            for (int s = 0; s < streams; s++) {
                sink.stream(tenant, BatchCodec.labels(in), fragments(in, number));
            }
        }
        return true;
    }

    private static FragmentList fragments(PayloadReader in, long number) {
        int n = in.length();
        FragmentList list = new FragmentList(n);
        int offset = 0;
        long min = 0;
        for (int i = 0; i < n; i++) {
            offset += in.count(Integer.MAX_VALUE - offset);
            int headBytes = in.count(Integer.MAX_VALUE);
            int lineBytes = in.count(Integer.MAX_VALUE);
            long count = in.varint();
            int blockBytes = (count & 2) != 0 ? in.count(Integer.MAX_VALUE) : 0;
            min += in.zigzag();
            long max = min + in.varint();
            list.add(
                    WalFormat.position(number, offset),
                    headBytes,
                    lineBytes,
                    blockBytes,
                    Math.toIntExact(count >>> 2),
                    (count & 1) != 0,
                    min,
                    max);
        }
        return list;
    }
}
