/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** Names that labels may have. */
final class LabelNames {
    private LabelNames() {}

    /** A name made of a foreign key: letters, digits and underscores; empty when nothing is left. */
    static String sanitize(String key) {
        return part(key, true);
    }

    /** As {@link #sanitize}, but {@code first} says whether it begins a name, where digits are not allowed. */
    static String part(String key, boolean first) {
        String k = key.strip();
        if (k.isEmpty() || isClean(k, first)) {
            return k;
        }
        StringBuilder sb = new StringBuilder(k.length() + 1);
        if (first && isDigit(k.charAt(0))) {
            sb.append('_');
        }
        for (int i = 0; i < k.length(); ) {
            int c = k.codePointAt(i);
            i += Character.charCount(c);
            sb.append(isLetter(c) || isDigit(c) ? (char) c : '_');
        }
        return sb.toString();
    }

    private static boolean isClean(String k, boolean first) {
        for (int i = 0; i < k.length(); i++) {
            char c = k.charAt(i);
            if (!isLetter(c) && !(isDigit(c) && (i > 0 || !first))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }
}
