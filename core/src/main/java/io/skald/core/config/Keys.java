/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Names of keys, and the one that was probably meant. */
public final class Keys {
    private Keys() {}

    /** {@code maxLineSize} becomes {@code max_line_size}. */
    static String of(String component) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            if (Character.isUpperCase(c)) {
                out.append('_');
            }
            out.append(c);
        }
        return out.toString().toLowerCase(Locale.ROOT);
    }

    /** The name nearest to what was written, or null if none is near. */
    public static @Nullable String nearest(String written, Collection<String> names) {
        String best = null;
        int bestDistance = Math.max(2, written.length() / 3) + 1;
        for (String name : names) {
            boolean begun = written.length() >= 3 && name.startsWith(written);
            int d = begun ? 1 : distance(written.toLowerCase(Locale.ROOT).replace('-', '_'), name.replace('-', '_'));
            if (d < bestDistance) {
                best = name;
                bestDistance = d;
            }
        }
        return best;
    }

    /** Fewest insertions, deletions and replacements that turn one into the other. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
