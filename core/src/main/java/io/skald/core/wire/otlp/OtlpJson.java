/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.otlp;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import io.skald.core.wire.PushedJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads OpenTelemetry's log export request in JSON. */
final class OtlpJson {
    private OtlpJson() {}

    /** @throws RequestException if the body is not such a document */
    static List<EntryBatch> decode(byte[] body, int length) {
        try (JsonParser in = PushedJson.FACTORY.createParser(body, 0, length)) {
            DecodeBudget budget = new DecodeBudget(length);
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw OtlpLogs.bad("body is not a JSON object", null);
            }
            return OtlpMapper.map(object(in, budget), length);
        } catch (StreamReadException e) {
            throw OtlpLogs.bad("invalid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw OtlpLogs.bad("invalid JSON: " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> object(JsonParser in, DecodeBudget budget) throws IOException {
        Map<String, Object> to = new LinkedHashMap<>(4);
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            if (in.nextToken() != JsonToken.VALUE_NULL) {
                to.put(name, value(in, budget));
            }
        }
        return to;
    }

    private static Object value(JsonParser in, DecodeBudget budget) throws IOException {
        budget.take(DecodeBudget.NODE);
        return switch (in.currentToken()) {
            case START_OBJECT -> object(in, budget);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    if (in.currentToken() != JsonToken.VALUE_NULL) {
                        list.add(value(in, budget));
                    }
                }
                yield list;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_STRING -> in.getText();
            case VALUE_NULL, FIELD_NAME, END_ARRAY, END_OBJECT, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                throw OtlpLogs.bad("invalid JSON: unexpected " + in.currentToken(), null);
        };
    }
}
