/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.http.HttpRequest;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
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
        List<EntryBatch> decode(byte[] bytes, int length);
    }

    private final PushSink sink;
    private final Admission admission;
    private final int maxPushBytes;
    private final boolean multiTenant;

    Intake(PushSink sink, Admission admission, int maxPushBytes, boolean multiTenant) {
        this.sink = sink;
        this.admission = admission;
        this.maxPushBytes = maxPushBytes;
        this.multiTenant = multiTenant;
    }

    /** Whose data a request brings; asked before anything else. */
    TenantId tenant(HttpRequest request) {
        return request.tenant(multiTenant);
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
            List<EntryBatch> streams = decoder.decode(d.bytes(), d.length());
            if (streams.isEmpty()) {
                throw new RequestException(
                        ErrorCode.UNPROCESSABLE, "error at least one valid stream is required for ingestion");
            }
            return sink.push(tenant, streams);
        }
    }
}
