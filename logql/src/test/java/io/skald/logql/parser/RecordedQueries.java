/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Queries with the answers that another implementation gave: a file is a list of flat objects of strings. */
final class RecordedQueries {
    private RecordedQueries() {}

    static List<Map<String, String>> read(String file) {
        List<Map<String, String>> all = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(RecordedQueries.class.getResourceAsStream(file), file);
                JsonParser json = new JsonFactory().createParser(in)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.START_OBJECT) {
                Map<String, String> one = new HashMap<>();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    one.put(json.currentName(), json.nextTextValue());
                }
                all.add(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    static String get(Map<String, String> recorded, String field) {
        return Objects.requireNonNull(recorded.get(field), field);
    }
}
