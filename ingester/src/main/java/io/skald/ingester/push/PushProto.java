/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads Loki's push message straight into columns: lines stay where they are in the body. {@code PushRequest{streams=1}},
 * {@code Stream{labels=1, entries=2, hash=3}}, {@code Entry{timestamp=1, line=2, structuredMetadata=3}}.
 */
final class PushProto {
    private static final int FIELD_1 = 1 << 3 | ProtoReader.BYTES;
    private static final int FIELD_2 = 2 << 3 | ProtoReader.BYTES;
    private static final int FIELD_3 = 3 << 3 | ProtoReader.BYTES;
    private static final int SECONDS = 1 << 3 | ProtoReader.VARINT;
    private static final int NANOS = 2 << 3 | ProtoReader.VARINT;

    /** About what an entry takes, so that columns need not grow often; less than that costs room in proportion to the body only. */
    private static final int BYTES_PER_ENTRY = 128;

    private final byte[] body;
    private final ProtoReader in;
    private final LabelCache cache;
    private final DecodeBudget budget;
    private final List<EntryBatch> streams = new ArrayList<>();
    private final List<Intake.Invalid> invalid = new ArrayList<>();

    private PushProto(byte[] body, int length, LabelCache cache) {
        this.body = body;
        this.in = new ProtoReader(body, length);
        this.cache = cache;
        this.budget = new DecodeBudget(length);
    }

    /**
     * Decodes the first {@code length} bytes of an array, which the batches go on to use.
     *
     * @throws RequestException if they are not such a message
     */
    static Intake.Decoded decode(byte[] body, int length, LabelCache cache) {
        return new PushProto(body, length, cache).request();
    }

    private Intake.Decoded request() {
        for (int tag = in.tag(); tag != 0; tag = in.tag()) {
            if (tag == FIELD_1) {
                int outer = in.enter();
                stream();
                in.leave(outer);
            } else {
                in.skip(tag);
            }
        }
        return new Intake.Decoded(streams, invalid);
    }

    private void stream() {
        Labels labels = Labels.EMPTY;
        String why = null;
        // labels may come after the entries, so these are gathered without them first
        budget.take(DecodeBudget.STREAM);
        EntryBatch entries = new EntryBatch(Labels.EMPTY, Math.clamp(in.remaining() / BYTES_PER_ENTRY, 1, 4096));
        for (int tag = in.tag(); tag != 0; tag = in.tag()) {
            if (tag == FIELD_1) {
                int n = in.length();
                try {
                    labels = cache.parse(body, in.position(), n);
                } catch (RequestException e) {
                    why = e.getMessage();
                }
                in.advance(n);
            } else if (tag == FIELD_2) {
                entry(entries);
            } else {
                in.skip(tag);
            }
        }
        if (why == null) {
            streams.add(entries.withLabels(labels));
        } else {
            invalid.add(new Intake.Invalid(why, entries.size(), entries.lineBytes()));
        }
    }

    private void entry(EntryBatch to) {
        int within = in.enter();
        long nanos = 0;
        int offset = 0;
        int length = 0;
        Labels.Builder metadata = null;
        budget.take(DecodeBudget.ENTRY);
        for (int tag = in.tag(); tag != 0; tag = in.tag()) {
            if (tag == FIELD_1) {
                int outer = in.enter();
                nanos = timestamp();
                in.leave(outer);
            } else if (tag == FIELD_2) {
                length = in.length();
                offset = in.position();
                in.advance(length);
            } else if (tag == FIELD_3) {
                metadata = metadata == null ? new Labels.Builder() : metadata;
                pair(metadata);
            } else {
                in.skip(tag);
            }
        }
        to.add(nanos, body, offset, length, metadata == null ? Labels.EMPTY : metadata.build());
        in.leave(within);
    }

    private long timestamp() {
        long seconds = 0;
        long nanos = 0;
        for (int tag = in.tag(); tag != 0; tag = in.tag()) {
            if (tag == SECONDS || tag == NANOS) {
                // read in one place: it is half of what there is to compile here
                long v = in.varint();
                seconds = tag == SECONDS ? v : seconds;
                nanos = tag == NANOS ? (int) v : nanos;
            } else {
                in.skip(tag);
            }
        }
        return Times.nanos(seconds, nanos);
    }

    private void pair(Labels.Builder to) {
        int outer = in.enter();
        String name = "";
        String value = "";
        for (int tag = in.tag(); tag != 0; tag = in.tag()) {
            if (tag == FIELD_1) {
                name = in.string();
            } else if (tag == FIELD_2) {
                value = in.string();
            } else {
                in.skip(tag);
            }
        }
        budget.take(DecodeBudget.PAIR);
        if (!name.isEmpty()) {
            to.set(name, value);
        }
        in.leave(outer);
    }
}
