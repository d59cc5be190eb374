/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.http.HttpRequest;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import io.skald.core.wire.PushSink.PushResult;
import java.util.List;
import java.util.Locale;

/** The way of every push over HTTP: admitted, decompressed within what was admitted, decoded, stored. Thread-safe. */
final class Intake {
    /** Finds the streams in a decompressed body. */
    interface Decoder {
        /** @param length how many of the bytes count */
        Decoded decode(byte[] bytes, int length);
    }

    /**
     * What a body holds.
     *
     * @param streams the streams that have labels
     * @param invalid streams whose labels are none
     */
    record Decoded(List<EntryBatch> streams, List<Invalid> invalid) {
        static Decoded of(List<EntryBatch> streams) {
            return new Decoded(streams, List.of());
        }
    }

    /** A stream whose labels cannot be read. */
    record Invalid(String why, long entries, long bytes) {}

    private static final int MAX_REASONS = 10;

    private final PushSink sink;
    private final Admission admission;
    private final Discards discards;
    private final int maxPushBytes;
    private final boolean multiTenant;

    Intake(PushSink sink, Admission admission, Discards discards, int maxPushBytes, boolean multiTenant) {
        this.sink = sink;
        this.admission = admission;
        this.discards = discards;
        this.maxPushBytes = maxPushBytes;
        this.multiTenant = multiTenant;
    }

    /** Whose data a request brings; asked before anything else. */
    TenantId tenant(HttpRequest request) {
        return request.tenant(multiTenant);
    }

    /**
     * Refuses what a server takes for a form, and so has taken apart: what curl sends unless it is told otherwise.
     *
     * @throws RequestException 415, which says what to send
     */
    static void noForm(HttpRequest request) {
        String type = request.header("content-type");
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith("application/x-www-form-urlencoded")) {
            throw new RequestException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Type " + type + " is for forms: send application/x-ndjson or application/json");
        }
    }

    /** The content encoding of a request in lower case, empty for none. */
    static String encoding(HttpRequest request) {
        String e = request.header("content-encoding");
        return e == null ? "" : e.trim().toLowerCase(Locale.ROOT);
    }

    /** Stores what a request brings. */
    PushResult push(TenantId tenant, HttpRequest request, Decoder decoder) throws StoreException, InterruptedException {
        return push(tenant, request.body(), encoding(request), false, decoder);
    }

    /** The same, but it may bring nothing. */
    PushResult pushAny(TenantId tenant, HttpRequest request, Decoder decoder)
            throws StoreException, InterruptedException {
        byte[] body = request.body();
        try (Admission.Ticket ticket = admission.admit(tenant, body.length);
                Decompress d = new Decompress(ticket, maxPushBytes)) {
            d.body(body, encoding(request));
            Decoded decoded = decoder.decode(d.bytes(), d.length());
            return decoded.streams.isEmpty() ? PushResult.stored(0) : sink.push(tenant, decoded.streams);
        }
    }

    /**
     * Stores what a request brings.
     *
     * @param encoding how the body is compressed
     * @param snappyWithin whether there may be a block of snappy within
     * @throws RequestException nothing was stored: too much is being worked on, or the body is not what it should be
     */
    PushResult push(TenantId tenant, byte[] body, String encoding, boolean snappyWithin, Decoder decoder)
            throws StoreException, InterruptedException {
        try (Admission.Ticket ticket = admission.admit(tenant, body.length);
                Decompress d = new Decompress(ticket, maxPushBytes)) {
            d.body(body, encoding);
            if (snappyWithin) {
                d.snappyWithin();
            }
            Decoded decoded = decoder.decode(d.bytes(), d.length());
            if (decoded.streams.isEmpty() && decoded.invalid.isEmpty()) {
                throw new RequestException(
                        ErrorCode.UNPROCESSABLE, "error at least one valid stream is required for ingestion");
            }
            PushResult result = decoded.streams.isEmpty() ? PushResult.stored(0) : sink.push(tenant, decoded.streams);
            return decoded.invalid.isEmpty() ? result : withInvalid(tenant, result, decoded.invalid);
        }
    }

    /** The result of a push with streams that could not even be tried. */
    private PushResult withInvalid(TenantId tenant, PushResult result, List<Invalid> invalid) {
        StringBuilder message = new StringBuilder();
        long rejected = result.rejected();
        boolean single = invalid.size() == 1 && rejected == 0;
        for (Invalid i : invalid) {
            // a stream without entries is a mistake all the same
            rejected += Math.max(1, i.entries);
            discards.add(tenant, "invalid_labels", Labels.EMPTY, i.entries, i.bytes);
        }
        for (Invalid i : invalid.subList(0, Math.min(MAX_REASONS, invalid.size()))) {
            message.append(message.isEmpty() ? "" : "; ")
                    .append(single ? "" : "1 errors like: ")
                    .append(i.why);
        }
        if (result.rejected() > 0) {
            boolean counted = result.message().contains(" errors like: ");
            message.append("; ").append(counted ? "" : "1 errors like: ").append(result.message());
        }
        return new PushResult(
                result.accepted(),
                rejected,
                message.toString(),
                result.rejected() > 0 ? result.status() : 400,
                result.rejections());
    }
}
