/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Answers with a JSON object, written as it is made. */
final class JsonAnswer {
    private JsonAnswer() {}

    /** Writes the members of an object. */
    interface Members {
        void write(JsonGenerator g) throws IOException;
    }

    static HttpResponse of(Members members) {
        return new HttpResponse(200, Map.of("Content-Type", HttpResponse.JSON), out -> {
            try (JsonGenerator g =
                    QueryJson.JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
                g.writeStartObject();
                members.write(g);
                g.writeEndObject();
            }
        });
    }

    /** As {@link #of}, behind {@code "status":"success"} and with the warnings, if there are any. */
    static HttpResponse success(List<String> warnings, Members members) {
        return of(g -> {
            g.writeStringField("status", "success");
            members.write(g);
            warnings(g, warnings);
        });
    }

    static void warnings(JsonGenerator g, List<String> warnings) throws IOException {
        if (!warnings.isEmpty()) {
            QueryJson.strings(g, "warnings", warnings);
        }
    }
}
