/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import io.skald.core.wire.PushedJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the body of Elasticsearch's {@code _bulk}: an action a line, each but {@code delete} followed by its document. Confined to one thread. */
final class BulkDecoder {
    /**
     * One action.
     *
     * @param name {@code create}, {@code index}, …
     * @param place where its entry went; null when there is none
     * @param error why there is none; empty when there is
     */
    record Item(String name, String index, String id, Documents.@Nullable Place place, String error) {}

    private final Documents documents;
    private final DecodeBudget budget;
    private final String pathIndex;
    private final List<Item> items = new ArrayList<>();

    /**
     * @param pathIndex the index of actions that name none
     * @param length bytes of the body, decompressed or not
     */
    BulkDecoder(Documents.Fields fields, Instant now, String pathIndex, int length) {
        this.documents = new Documents(fields, Times.nanos(now.getEpochSecond(), now.getNano()), length);
        this.budget = new DecodeBudget(length);
        this.pathIndex = pathIndex;
    }

    /** The actions, in order; valid after {@link #decode}. */
    List<Item> items() {
        return items;
    }

    /** @throws RequestException if an action is none: what follows it cannot be told apart then */
    Intake.Decoded decode(byte[] bytes, int length) {
        int from = 0;
        while (from < length) {
            int to = Documents.lineEnd(bytes, from, length);
            if (Documents.blank(bytes, from, to)) {
                from = to + 1;
                continue;
            }
            Item action = action(bytes, from, to);
            from = to + 1;
            if (action.name.equals("delete")) {
                items.add(action);
                continue;
            }
            if (from >= length) {
                throw PushJson.bad("action " + items.size() + " has no document", null);
            }
            to = Documents.lineEnd(bytes, from, length);
            items.add(action.error.isEmpty() ? document(action, bytes, from, to) : action);
            from = to + 1;
        }
        if (items.isEmpty()) {
            throw PushJson.bad("request body is required", null);
        }
        return Intake.Decoded.of(documents.batches());
    }

    private Item document(Item action, byte[] bytes, int from, int to) {
        try {
            Documents.Place p = documents.add(bytes, from, to, action.index);
            return new Item(action.name, action.index, action.id, p, "");
        } catch (RequestException e) {
            if (e.code() != ErrorCode.BAD_REQUEST) {
                throw e;
            }
            return new Item(action.name, action.index, action.id, null, e.getMessage());
        }
    }

    private Item action(byte[] bytes, int from, int to) {
        int n = items.size();
        budget.take(2 * DecodeBudget.PAIR);
        try (JsonParser in = PushedJson.FACTORY.createParser(bytes, from, to - from)) {
            if (in.nextToken() != JsonToken.START_OBJECT || in.nextToken() != JsonToken.FIELD_NAME) {
                throw PushJson.bad("malformed action " + n + ": expected an object with the name of the action", null);
            }
            String name = in.currentName();
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw PushJson.bad("malformed action " + n + ": expected an object for " + name, null);
            }
            String index = pathIndex;
            String id = "";
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String key = in.currentName();
                in.nextToken();
                if (key.equals("_index") && in.currentToken().isScalarValue()) {
                    index = in.getText();
                } else if (key.equals("_id") && in.currentToken().isScalarValue()) {
                    id = in.getText();
                } else {
                    in.skipChildren();
                }
            }
            String error = switch (name) {
                case "create", "index" -> "";
                case "update", "delete" -> name + " is not supported: log entries are only added";
                default -> throw PushJson.bad("malformed action " + n + ": unknown action " + name, null);
            };
            return new Item(name, index, id, null, error);
        } catch (StreamReadException e) {
            throw PushJson.bad("malformed action " + n + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw PushJson.bad("malformed action " + n + ": " + e.getMessage(), e);
        }
    }
}
