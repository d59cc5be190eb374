/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes text of bytes, and gives the same object for bytes that it has made text of not long ago: values of labels come again and again.
 * Bounded; confined to one thread.
 */
final class SeenTexts {
    private static final int SLOTS = 512;

    /** Longer values seldom come again. */
    private static final int MAX_LENGTH = 64;

    /** Empty before the first text: many pipelines make none. */
    private byte[] @Nullable [] keys = new byte[0][];

    private @Nullable String[] texts = new String[0];

    String text(byte[] b, int from, int length) {
        if (length > MAX_LENGTH) {
            return new String(b, from, length, StandardCharsets.UTF_8);
        }
        if (texts.length == 0) {
            keys = new byte[SLOTS][];
            texts = new String[SLOTS];
        }
        int slot = ByteKeys.hash(b, from, length) & SLOTS - 1;
        byte[] key = keys[slot];
        String known = texts[slot];
        if (known != null && key != null && ByteKeys.equal(key, b, from, length)) {
            return known;
        }
        String made = new String(b, from, length, StandardCharsets.UTF_8);
        keys[slot] = Arrays.copyOfRange(b, from, from + length);
        texts[slot] = made;
        return made;
    }
}
