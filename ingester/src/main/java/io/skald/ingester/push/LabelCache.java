/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers what the label strings of streams were parsed to, as every push repeats those of the one before. Each text has one place, which
 * the latest of those that share it takes; so lookups cost no lock, and memory has a bound. Thread-safe.
 */
final class LabelCache {
    /** 16,384 texts of 200 bytes are some 10 MB with their labels. */
    private static final int PLACES = 1 << 14;
    /** Longer texts are rare and not remembered. */
    private static final int MAX_TEXT_BYTES = 1024;

    private record Parsed(byte[] text, Labels labels) {}

    private final AtomicReferenceArray<Parsed> places = new AtomicReferenceArray<>(PLACES);

    /** @throws RequestException if the text is no label string */
    Labels parse(byte[] b, int offset, int length) {
        if (length > MAX_TEXT_BYTES) {
            return parseNow(b, offset, length);
        }
        int place = hash(b, offset, length) & (PLACES - 1);
        Parsed p = places.getAcquire(place);
        if (p != null && Arrays.equals(p.text, 0, p.text.length, b, offset, offset + length)) {
            return p.labels;
        }
        Labels labels = parseNow(b, offset, length);
        places.setRelease(place, new Parsed(Arrays.copyOfRange(b, offset, offset + length), labels));
        return labels;
    }

    private static Labels parseNow(byte[] b, int offset, int length) {
        return LabelParser.parse(new String(b, offset, length, StandardCharsets.UTF_8));
    }

    private static int hash(byte[] b, int offset, int length) {
        int h = 0;
        for (int i = 0; i < length; i++) {
            h = 31 * h + b[offset + i];
        }
        h *= 0x9e3779b9;
        return h ^ h >>> 15;
    }
}
