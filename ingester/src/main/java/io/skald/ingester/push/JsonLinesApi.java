/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.wire.PushSink.PushResult;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code POST /skald/api/v1/jsonline}: a JSON document a line. Thread-safe. */
final class JsonLinesApi {
    /** With more lines that are no documents, it is not what it is taken for, and is refused as a whole. */
    private static final int MAX_INVALID = 1000;

    private final Intake intake;
    private final Clock clock;

    JsonLinesApi(Intake intake, Clock clock) {
        this.intake = intake;
        this.clock = clock;
    }

    void register(Router router) {
        router.post("/skald/api/v1/jsonline", this::push);
    }

    private HttpResponse push(HttpRequest request) throws StoreException, InterruptedException {
        Intake.noForm(request);
        Documents.Fields fields = Documents.Fields.of(request);
        PushResult result =
                intake.push(intake.tenant(request), request, (b, n) -> decode(fields, clock.instant(), b, n));
        return PushApi.answer(result);
    }

    /** Lines that are no documents are refused, the others taken. */
    static Intake.Decoded decode(Documents.Fields fields, Instant now, byte[] bytes, int length) {
        Documents documents = new Documents(fields, Times.nanos(now.getEpochSecond(), now.getNano()), length);
        List<Intake.Invalid> invalid = new ArrayList<>();
        int number = 1;
        for (int from = 0; from < length; number++) {
            int to = Documents.lineEnd(bytes, from, length);
            if (!Documents.blank(bytes, from, to)) {
                try {
                    documents.add(bytes, from, to, "");
                } catch (RequestException e) {
                    if (e.code() != ErrorCode.BAD_REQUEST || invalid.size() >= MAX_INVALID) {
                        throw e;
                    }
                    invalid.add(new Intake.Invalid("line " + number + ": " + e.getMessage(), 1, to - (long) from));
                }
            }
            from = to + 1;
        }
        return new Intake.Decoded(documents.batches(), invalid);
    }
}
