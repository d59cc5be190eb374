/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.Labels;

/** Bytes that strings take in UTF-8, without encoding them. */
final class Utf8Length {
    private Utf8Length() {}

    static int of(String s) {
        int n = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            n += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
        }
        return n;
    }

    /** Bytes of all names and values. */
    static int of(Labels labels) {
        int n = 0;
        for (int i = 0; i < labels.size(); i++) {
            n += of(labels.name(i)) + of(labels.value(i));
        }
        return n;
    }

    /** Whether a string is longer than so many bytes; counts them only if it could be. */
    static boolean longer(String s, int bytes) {
        return 3L * s.length() > bytes && of(s) > bytes;
    }
}
