/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The {@code data} of a query's answer. */
sealed interface Answer {
    /** Lines, stream by stream. */
    record Lines(List<Line> lines) implements Answer {}

    /** Series of samples: a matrix, a vector (one sample each), or a scalar (one series without labels). */
    record Samples(String type, List<Series> series) implements Answer {}

    /** One entry; the labels are shared by those of a stream. */
    record Line(long timestampNanos, String text, Map<String, String> labels) {}

    record Series(Map<String, String> labels, List<Sample> samples) {}

    /** A value as the server wrote it. */
    record Sample(double unixSeconds, String value) {}

    /** Reads a whole answer. */
    static Answer read(JsonParser json) throws IOException {
        Answer[] found = new Answer[1];
        eachField(json, json.nextToken(), name -> {
            if (name.equals("data")) {
                found[0] = data(json);
            } else {
                json.skipChildren();
            }
        });
        if (found[0] == null) {
            throw new IOException("not a query answer");
        }
        return found[0];
    }

    /** Takes the value of a field, on whose first token the parser stands; leaves the parser on its last. */
    interface FieldReader {
        void read(String name) throws IOException;
    }

    static void eachField(JsonParser json, JsonToken first, FieldReader reader) throws IOException {
        if (first != JsonToken.START_OBJECT) {
            throw new IOException("not an object at " + json.currentLocation().offsetDescription());
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            reader.read(name);
        }
    }

    private static Answer data(JsonParser json) throws IOException {
        String[] type = {""};
        Answer[] answer = new Answer[1];
        eachField(json, json.currentToken(), name -> {
            switch (name) {
                case "resultType" -> type[0] = json.getText();
                case "result" ->
                    answer[0] = type[0].equals("streams")
                            ? new Lines(streams(json))
                            : new Samples(type[0], series(json, type[0]));
                default -> json.skipChildren();
            }
        });
        if (answer[0] == null) {
            throw new IOException("not a query answer: no result");
        }
        return answer[0];
    }

    /** An array of streams, on whose first token the parser stands. */
    static List<Line> streams(JsonParser json) throws IOException {
        List<Line> out = new ArrayList<>();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            Map<String, String> labels = new TreeMap<>();
            eachField(json, json.currentToken(), name -> {
                switch (name) {
                    case "stream" -> labels.putAll(labels(json));
                    case "values" -> values(json, labels, out);
                    default -> json.skipChildren();
                }
            });
        }
        return out;
    }

    private static void values(JsonParser json, Map<String, String> labels, List<Line> out) throws IOException {
        while (json.nextToken() == JsonToken.START_ARRAY) {
            json.nextToken();
            long time = Long.parseLong(json.getText());
            json.nextToken();
            out.add(new Line(time, json.getText(), labels));
            while (json.nextToken() != JsonToken.END_ARRAY) {
                json.skipChildren();
            }
        }
    }

    static Map<String, String> labels(JsonParser json) throws IOException {
        Map<String, String> out = new TreeMap<>();
        eachField(json, json.currentToken(), name -> out.put(name, json.getText()));
        return out;
    }

    private static List<Series> series(JsonParser json, String type) throws IOException {
        if (type.equals("scalar")) {
            return List.of(new Series(Map.of(), List.of(sample(json))));
        }
        List<Series> out = new ArrayList<>();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            Map<String, String> labels = new TreeMap<>();
            List<Sample> samples = new ArrayList<>();
            eachField(json, json.currentToken(), name -> {
                switch (name) {
                    case "metric" -> labels.putAll(labels(json));
                    case "value" -> samples.add(sample(json));
                    case "values" -> {
                        while (json.nextToken() == JsonToken.START_ARRAY) {
                            samples.add(sample(json));
                        }
                    }
                    default -> json.skipChildren();
                }
            });
            out.add(new Series(labels, samples));
        }
        return out;
    }

    /** {@code [time, "value"]}, on whose first token the parser stands. */
    private static Sample sample(JsonParser json) throws IOException {
        json.nextToken();
        double time = json.getDoubleValue();
        json.nextToken();
        String value = json.getText();
        json.nextToken();
        return new Sample(time, value);
    }
}
