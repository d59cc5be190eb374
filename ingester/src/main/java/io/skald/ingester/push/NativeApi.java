/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.PushSink.PushResult;
import io.skald.core.wire.PushedJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;

/** The endpoint of native pushes. Thread-safe. */
public final class NativeApi {
    /** Takes native pushes. */
    public interface BlockSink {
        /**
         * Stores a push durably, unless it is a repeat of one that is durable.
         *
         * @throws RequestException nothing was stored
         * @throws StoreException nothing is known to be stored; the same push may be sent again
         */
        Stored push(TenantId tenant, BlockPush push) throws StoreException, InterruptedException;
    }

    /**
     * What became of a push.
     *
     * @param repeat whether it had been stored before, so that nothing was done
     */
    public record Stored(PushResult result, boolean repeat) {}

    private final BlockSink sink;
    private final Admission admission;
    private final int maxPushBytes;
    private final boolean multiTenant;

    public NativeApi(BlockSink sink, Admission admission, int maxPushBytes, boolean multiTenant) {
        this.sink = sink;
        this.admission = admission;
        this.maxPushBytes = maxPushBytes;
        this.multiTenant = multiTenant;
    }

    /** Adds the route. */
    public void register(Router router) {
        router.post(BlockPush.PATH, this::push);
    }

    private HttpResponse push(HttpRequest request) throws StoreException, InterruptedException, IOException {
        TenantId tenant = request.tenant(multiTenant);
        byte[] body = request.body();
        if (body.length > maxPushBytes) {
            throw new RequestException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "push of " + body.length + " bytes, the most is " + maxPushBytes + " (ingester.max_push_size)");
        }
        // twice: the body, and its copy in the record
        try (Admission.Ticket ticket = admission.admit(tenant, 2L * body.length)) {
            BlockPush push = BlockPush.decode(body, body.length);
            if (push.blocks().isEmpty() && push.ranges().isEmpty()) {
                throw new RequestException(ErrorCode.UNPROCESSABLE, "push without blocks");
            }
            // times and lengths of the largest block, at most
            ticket.take(Math.min(BlockPreparer.MAX_RAW_BYTES, 64L * body.length));
            return answer(sink.push(tenant, push));
        } catch (CorruptData e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
    }

    private static HttpResponse answer(Stored stored) throws IOException {
        PushResult r = stored.result;
        if (r.status() == 429 || r.accepted() == 0 && r.rejected() > 0 && r.status() != 400) {
            return PushApi.answer(r);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
            g.writeStartObject();
            g.writeNumberField("accepted", r.accepted());
            g.writeNumberField("rejected", r.rejected());
            g.writeBooleanField("repeat", stored.repeat);
            if (r.rejected() > 0) {
                g.writeStringField("message", r.message());
            }
            g.writeEndObject();
        }
        return new HttpResponse(200, Map.of("Content-Type", HttpResponse.JSON), o -> o.write(out.toByteArray()));
    }
}
