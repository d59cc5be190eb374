/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import io.skald.core.wire.PushSink.PushResult;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The push endpoints of Loki. Thread-safe. */
public final class PushApi {
    private static final String PROTOBUF = "application/x-protobuf";
    private static final int RETRY_AFTER_SECONDS = 1;

    /** Stores everything that was acknowledged before the call, for {@code POST /flush}. */
    @FunctionalInterface
    public interface Flush {
        void run() throws StoreException;
    }

    private final PushSink sink;
    private final Flush flush;
    private final Admission admission;
    private final int maxPushBytes;
    private final boolean multiTenant;

    /**
     * @param maxPushBytes largest body, decompressed
     * @param multiTenant whether the tenant comes from the header
     */
    public PushApi(PushSink sink, Flush flush, Admission admission, int maxPushBytes, boolean multiTenant) {
        this.sink = sink;
        this.flush = flush;
        this.admission = admission;
        this.maxPushBytes = maxPushBytes;
        this.multiTenant = multiTenant;
    }

    /** Adds the routes. */
    public void register(Router router) {
        router.post("/loki/api/v1/push", this::push);
        router.post("/api/prom/push", this::push);
        router.post("/otlp/v1/logs", this::otlp);
        router.post("/flush", request -> {
            flush.run();
            return HttpResponse.noContent();
        });
    }

    /** Undoes the compression of a body. */
    private interface Decompressor {
        byte[] apply(byte[] body);
    }

    /** Finds the streams in a decompressed body. */
    private interface Decoder {
        List<EntryBatch> apply(byte[] body);
    }

    private HttpResponse push(HttpRequest request) throws StoreException, InterruptedException {
        TenantId tenant = request.tenant(multiTenant);
        boolean json = "application/json".equals(mediaType(request.header("content-type")));
        String encoding = encoding(request);
        boolean snappy = !json && (encoding.isEmpty() || encoding.equals("snappy"));
        try {
            return take(
                    tenant,
                    request.body(),
                    body -> Decompress.body(body, snappy ? "snappy" : encoding, maxPushBytes),
                    json ? PushJson::decode : PushProto::decode);
        } catch (RequestException e) {
            if (e.code() == ErrorCode.TOO_MANY_REQUESTS) {
                return retryLater(e.code(), e.getMessage());
            }
            throw e;
        } catch (StoreException.Unavailable e) {
            return retryLater(ErrorCode.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private HttpResponse take(TenantId tenant, byte[] body, Decompressor decompressor, Decoder decoder)
            throws StoreException, InterruptedException {
        admission.admit(body.length);
        long admitted = body.length;
        try {
            byte[] bytes = decompressor.apply(body);
            admission.admit(bytes.length);
            admitted += bytes.length;
            List<EntryBatch> streams = decoder.apply(bytes);
            if (streams.isEmpty()) {
                throw new RequestException(
                        ErrorCode.UNPROCESSABLE, "error at least one valid stream is required for ingestion");
            }
            PushResult result = sink.push(tenant, streams);
            if (result.rejected() > 0) {
                throw new RequestException(ErrorCode.BAD_REQUEST, result.message());
            }
            return HttpResponse.noContent();
        } finally {
            admission.release(admitted);
        }
    }

    private static HttpResponse retryLater(ErrorCode code, String message) {
        HttpResponse plain = HttpResponse.text(code.httpStatus(), message + "\n");
        return new HttpResponse(
                plain.status(),
                Map.of("Content-Type", HttpResponse.TEXT, "Retry-After", Integer.toString(RETRY_AFTER_SECONDS)),
                plain.body());
    }

    private static String encoding(HttpRequest request) {
        String e = request.header("content-encoding");
        return e == null ? "" : e.trim().toLowerCase(Locale.ROOT);
    }

    /** The media type without its parameters. */
    private static String mediaType(@Nullable String header) {
        if (header == null || header.isBlank()) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "mime: no media type");
        }
        String[] parts = header.split(";", -1);
        for (int i = 1; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            if (!parts[i].matches("\\s*[^\\s=]+=.*") && !(last && parts[i].isBlank())) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "mime: invalid media parameter");
            }
        }
        return parts[0].trim().toLowerCase(Locale.ROOT);
    }

    private HttpResponse otlp(HttpRequest request) throws StoreException, InterruptedException {
        TenantId tenant = request.tenant(multiTenant);
        try {
            String type = mediaType(request.header("content-type"));
            boolean json = type.equals("application/json");
            if (!json && !type.equals(PROTOBUF)) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "content type: " + type + " is not supported");
            }
            String encoding = encoding(request);
            return take(
                    tenant,
                    request.body(),
                    body -> Decompress.body(body, encoding, maxPushBytes),
                    json ? OtlpJson::decode : OtlpProto::decode);
        } catch (RequestException e) {
            return OtlpMapper.status(e.code(), e.getMessage());
        } catch (StoreException.Unavailable e) {
            return OtlpMapper.status(ErrorCode.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }
}
