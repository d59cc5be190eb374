/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.WalFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A WAL record of which lines a native push is about. Strings are a varint length and UTF-8:
 *
 * <pre>
 * tenant | agent | varint milliseconds since 1970 | varint n, n × (generation, varint first line, varint count, varint given up)
 * </pre>
 *
 * It goes in front of the push's blocks: if only it is durable, the push comes again, and says the same.
 */
public final class EncodedLines extends PendingRecord {
    private final TenantId tenant;
    private final String agent;
    private final List<LineRange> ranges;
    private final long millis;

    private EncodedLines(TenantId tenant, String agent, List<LineRange> ranges, long millis, PayloadWriter out) {
        super(WalFormat.TYPE_LINES, out.array(), out.size());
        this.tenant = tenant;
        this.agent = agent;
        this.ranges = ranges;
        this.millis = millis;
    }

    /**
     * Encodes what a push says of lines.
     *
     * @param millis when it came
     */
    public static EncodedLines encode(TenantId tenant, String agent, List<LineRange> ranges, long millis) {
        PayloadWriter out = new PayloadWriter(64 + 32 * ranges.size());
        out.string(tenant.value());
        out.string(agent);
        out.varint(millis);
        out.varint(ranges.size());
        for (LineRange r : ranges) {
            out.string(r.origin());
            out.varint(r.first());
            out.varint(r.count());
            out.varint(r.missing());
        }
        return new EncodedLines(tenant, agent, List.copyOf(ranges), millis, out);
    }

    /**
     * Reads a payload.
     *
     * @throws IllegalArgumentException if it is malformed
     */
    static EncodedLines read(MemorySegment payload) {
        byte[] bytes = payload.toArray(ValueLayout.JAVA_BYTE);
        PayloadReader in = new PayloadReader(bytes, 0, bytes.length);
        TenantId tenant = new TenantId(in.string());
        String agent = in.string();
        long millis = in.varint();
        int n = in.length();
        List<LineRange> ranges = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            ranges.add(new LineRange(in.string(), in.varint(), in.varint(), in.varint()));
        }
        return encode(tenant, agent, ranges, millis);
    }

    void addTo(LineLedger ledger) {
        ledger.add(tenant, agent, ranges, millis);
    }
}
