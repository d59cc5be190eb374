/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.conformance;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Sorts error texts into kinds, by words: two texts of a kind tell a client the same. */
public final class ErrorKinds {
    private static final Map<String, Pattern> KINDS = new LinkedHashMap<>();

    static {
        put("tenant", "no org id|multiple org|tenant id");
        put("matchers", "at least one regexp or equality matcher|only label matchers");
        put("parse", "parse error|syntax error|unexpected|not terminated|unknown unit|invalid UTF-8");
        put("limit", "limit|exceed|maximum|too (long|many|large|old|new|far|high)|out of order|behind");
        put("pipeline", "pipeline error");
        put("matching", "many-to-many|many-to-one|multiple matches|found duplicate|unique per group|duplicate series");
        put("unsupported", "not supported|unsupported|not implemented|not allowed|disallowed|disabled|not enabled");
        put(
                "bad_input",
                "invalid|missing|required|must|corrupt|mime|cannot|could not|can't|unable|not a valid|bad|at least one|error parsing"
                        + "|unmarshal|decod|EOF|expected|Value|number|zero|negative|before");
    }

    private ErrorKinds() {}

    private static void put(String kind, String pattern) {
        KINDS.put(kind, Pattern.compile(pattern, Pattern.CASE_INSENSITIVE));
    }

    public static String of(String text) {
        for (Map.Entry<String, Pattern> k : KINDS.entrySet()) {
            if (k.getValue().matcher(text).find()) {
                return k.getKey();
            }
        }
        return "other";
    }
}
