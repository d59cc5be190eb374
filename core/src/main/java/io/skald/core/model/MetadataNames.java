/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

/** Makes label names of the names of structured metadata: whatever is no letter, digit or underscore becomes an underscore. */
public final class MetadataNames {
    private MetadataNames() {}

    /** The same labels when all names are label names already. Where two become one, the later in order wins. */
    public static Labels clean(Labels metadata) {
        for (int i = 0; i < metadata.size(); i++) {
            if (!isName(metadata.name(i))) {
                Labels.Builder b = new Labels.Builder();
                for (int j = 0; j < metadata.size(); j++) {
                    b.set(clean(metadata.name(j)), metadata.value(j));
                }
                return b.build();
            }
        }
        return metadata;
    }

    /** A label name for a name. */
    public static String clean(String name) {
        if (isName(name)) {
            return name;
        }
        StringBuilder sb = new StringBuilder(name.length() + 4);
        if (!name.isEmpty() && name.charAt(0) >= '0' && name.charAt(0) <= '9') {
            sb.append("key_");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!Character.isLowSurrogate(c)) {
                sb.append(namePart(c) ? c : '_');
            }
        }
        return sb.isEmpty() ? "_" : sb.toString();
    }

    /** Whether it is a label name. */
    public static boolean isName(String s) {
        if (s.isEmpty() || s.charAt(0) >= '0' && s.charAt(0) <= '9') {
            return false;
        }
        for (int i = 0; i < s.length(); i++) {
            if (!namePart(s.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean namePart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= '0' && c <= '9';
    }
}
