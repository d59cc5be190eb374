/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads Loki's push message straight into columns: lines stay where they are in the body. {@code PushRequest{streams=1}},
 * {@code Stream{labels=1, entries=2, hash=3}}, {@code Entry{timestamp=1, line=2, structuredMetadata=3}}.
 */
final class PushProto {
    private final byte[] body;
    private final CodedInputStream in;

    private PushProto(byte[] body) {
        this.body = body;
        this.in = CodedInputStream.newInstance(body);
    }

    /** @throws RequestException if the body is not such a message */
    static List<EntryBatch> decode(byte[] body) {
        try {
            return new PushProto(body).request();
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "unexpected EOF", e);
        }
    }

    private List<EntryBatch> request() throws IOException {
        List<EntryBatch> streams = new ArrayList<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == tag(1)) {
                int limit = in.pushLimit(in.readRawVarint32());
                streams.add(stream());
                in.popLimit(limit);
            } else {
                in.skipField(tag);
            }
        }
        return streams;
    }

    private static int tag(int field) {
        return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    private EntryBatch stream() throws IOException {
        String labels = "";
        // labels may come after the entries, so these are gathered without them first
        EntryBatch entries = new EntryBatch(Labels.EMPTY, 64);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == tag(1)) {
                labels = in.readString();
            } else if (tag == tag(2)) {
                int limit = in.pushLimit(in.readRawVarint32());
                entry(entries);
                in.popLimit(limit);
            } else {
                in.skipField(tag);
            }
        }
        return entries.withLabels(LabelParser.parse(labels));
    }

    private void entry(EntryBatch to) throws IOException {
        long nanos = 0;
        int offset = 0;
        int length = 0;
        Labels.Builder metadata = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == tag(1)) {
                int limit = in.pushLimit(in.readRawVarint32());
                nanos = timestamp();
                in.popLimit(limit);
            } else if (tag == tag(2)) {
                length = in.readRawVarint32();
                offset = in.getTotalBytesRead();
                in.skipRawBytes(length);
            } else if (tag == tag(3)) {
                int limit = in.pushLimit(in.readRawVarint32());
                metadata = metadata == null ? new Labels.Builder() : metadata;
                pair(metadata);
                in.popLimit(limit);
            } else {
                in.skipField(tag);
            }
        }
        to.add(nanos, body, offset, length, metadata == null ? Labels.EMPTY : metadata.build());
    }

    private long timestamp() throws IOException {
        long seconds = 0;
        long nanos = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == (1 << 3)) {
                seconds = in.readInt64();
            } else if (tag == (2 << 3)) {
                nanos = in.readInt32();
            } else {
                in.skipField(tag);
            }
        }
        return Times.nanos(seconds, nanos);
    }

    private void pair(Labels.Builder to) throws IOException {
        String name = "";
        String value = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == tag(1)) {
                name = in.readString();
            } else if (tag == tag(2)) {
                value = in.readString();
            } else {
                in.skipField(tag);
            }
        }
        if (!name.isEmpty()) {
            to.set(name, value);
        }
    }
}
