/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import java.util.stream.IntStream;

/** The keys that a block must hold for something to be in it. */
public final class SkipKeys {
    private SkipKeys() {}

    /**
     * The keys of a text that a line contains: each must be in the block's filter. None for a text too short to be ruled out.
     *
     * @param ignoreCase whether letters of the text stand for either case, also beyond ASCII
     */
    public static int[] ofText(byte[] text, boolean ignoreCase) {
        IntStream.Builder keys = IntStream.builder();
        if (!ignoreCase) {
            add(text, 0, text.length, keys);
        } else {
            // the filter folds ASCII only: where the line may hold another character than A-Z for this one, the text is
            // cut
            for (int from = 0; from < text.length; ) {
                int to = from;
                while (to < text.length && foldsWithinAscii(text[to])) {
                    to++;
                }
                add(text, from, to - from, keys);
                from = to + 1;
            }
        }
        return keys.build().distinct().toArray();
    }

    private static void add(byte[] text, int offset, int length, IntStream.Builder keys) {
        Grams grams = new Grams();
        grams.begin(text, offset, new int[] {length}, 1);
        while (grams.next()) {
            for (int i = 0; i < grams.count(); i++) {
                keys.add(grams.keys()[i]);
            }
        }
    }

    /** K and S are equal to the Kelvin sign and the long s when case is ignored. */
    private static boolean foldsWithinAscii(byte c) {
        int lower = c | 0x20;
        return c >= 0 && lower != 'k' && lower != 's';
    }

    /** The key of a metadata value that a row has. */
    public static int ofMetadata(String name, String value) {
        return Grams.metadata(name, value);
    }
}
