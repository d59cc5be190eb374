/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import io.skald.core.wire.PushSink.PushResult;
import io.skald.core.wire.otlp.OtlpLogs;
import java.time.Clock;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The push endpoints of Loki, of OpenTelemetry, of Elasticsearch, and for JSON lines. Thread-safe. */
public final class PushApi {
    private static final String PROTOBUF = "application/x-protobuf";

    private final Intake intake;
    private final Clock clock;
    private final LabelCache labels = new LabelCache();

    /**
     * @param maxPushBytes largest body, decompressed
     * @param multiTenant whether the tenant comes from the header
     * @param clock gives documents without a time one
     */
    public PushApi(
            PushSink sink, Admission admission, Discards discards, int maxPushBytes, boolean multiTenant, Clock clock) {
        this.clock = clock;
        this.intake = new Intake(sink, admission, discards, maxPushBytes, multiTenant);
    }

    /** Adds the routes. */
    public void register(Router router) {
        router.post("/loki/api/v1/push", this::push);
        router.post("/api/prom/push", this::push);
        router.post("/otlp/v1/logs", this::otlp);
        new ElasticApi(intake, clock).register(router);
        new JsonLinesApi(intake, clock).register(router);
    }

    private HttpResponse push(HttpRequest request) throws StoreException, InterruptedException {
        TenantId tenant = intake.tenant(request);
        boolean json = "application/json".equals(mediaType(request.header("content-type")));
        String encoding = Intake.encoding(request);
        PushResult result;
        if (json) {
            result = intake.push(tenant, request.body(), encoding, false, PushJson::decode);
        } else {
            boolean bare = encoding.isEmpty() || encoding.equals("snappy");
            result = intake.push(
                    tenant,
                    request.body(),
                    bare ? "snappy" : encoding,
                    !bare,
                    (b, n) -> PushProto.decode(b, n, labels));
        }
        return answer(result);
    }

    /** What became of a push; what was refused while the rest was stored is an error, too. */
    static HttpResponse answer(PushResult result) {
        if (result.rejected() == 0) {
            return HttpResponse.noContent();
        }
        HttpResponse plain = HttpResponse.text(result.status(), result.message());
        return result.status() == 429 ? plain.with("Retry-After", "1") : plain;
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

    private HttpResponse otlp(HttpRequest request) throws InterruptedException {
        try {
            TenantId tenant = intake.tenant(request);
            String type = mediaType(request.header("content-type"));
            boolean json = type.equals("application/json");
            if (!json && !type.equals(PROTOBUF)) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "content type: " + type + " is not supported");
            }
            PushResult result = intake.push(
                    tenant, request, (b, n) -> Intake.Decoded.of(json ? OtlpLogs.json(b, n) : OtlpLogs.proto(b, n)));
            return result.rejected() == 0 ? HttpResponse.noContent() : status(result.status(), result.message());
        } catch (RequestException e) {
            return status(e.code().httpStatus(), e.getMessage());
        } catch (StoreException e) {
            return status(ErrorCode.UNAVAILABLE.httpStatus(), String.valueOf(e.getMessage()));
        }
    }

    private static HttpResponse status(int status, String message) {
        HttpResponse plain = HttpResponse.of(status, "application/octet-stream", OtlpLogs.status(message));
        return status == 429 || status == 503 ? plain.with("Retry-After", "1") : plain;
    }
}
