/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers what the label strings of streams were parsed to, as every push repeats those of the one before. A text has one of a few places, and takes
 * one of another text when they are full; so lookups cost no lock, and memory has a bound. Thread-safe.
 */
final class LabelCache {
    /** Sets of places, so that a hundred thousand streams that come in turn find nearly all of their texts. */
    private static final int SETS = 1 << 16;

    private static final int WAYS = 4;
    /** Longer texts are rare and not remembered. */
    private static final int MAX_TEXT_BYTES = 1024;
    /** Once texts take this much, a new one takes the place of another: the labels, most of which the head holds anyway, take some times as much. */
    private static final long MAX_BYTES = 16 << 20;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private record Parsed(int hash, byte[] text, Labels labels) {}

    private final AtomicReferenceArray<Parsed> places = new AtomicReferenceArray<>(SETS * WAYS);
    private final AtomicLong bytes = new AtomicLong();

    /** @throws RequestException if the text is no label string */
    Labels parse(byte[] b, int offset, int length) {
        if (length > MAX_TEXT_BYTES) {
            return parseNow(b, offset, length);
        }
        int hash = hash(b, offset, length);
        int set = (hash & SETS - 1) * WAYS;
        for (int i = set; i < set + WAYS; i++) {
            Parsed p = places.getAcquire(i);
            if (p == null) {
                break;
            }
            if (p.hash == hash && Arrays.equals(p.text, 0, p.text.length, b, offset, offset + length)) {
                return p.labels;
            }
        }
        Labels labels = parseNow(b, offset, length);
        keep(set, new Parsed(hash, Arrays.copyOfRange(b, offset, offset + length), labels));
        return labels;
    }

    private void keep(int set, Parsed parsed) {
        // which one has to go is as good as random
        int place = set + (parsed.hash >>> 16) % WAYS;
        for (int i = set; i < set + WAYS; i++) {
            if (places.getAcquire(i) == null) {
                place = i;
                break;
            }
        }
        Parsed gone = places.getAcquire(place);
        if (gone == null && bytes.get() >= MAX_BYTES) {
            return;
        }
        // two that race for a place leave the count wrong by one text
        bytes.addAndGet(parsed.text.length - (gone == null ? 0L : gone.text.length));
        places.setRelease(place, parsed);
    }

    private static Labels parseNow(byte[] b, int offset, int length) {
        return LabelParser.parse(new String(b, offset, length, StandardCharsets.UTF_8));
    }

    /** Of eight bytes at a time. Texts that somebody chose to have the same hash only take places from each other. */
    private static int hash(byte[] b, int offset, int length) {
        long h = length;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            h = mixed(h ^ (long) LONG.get(b, offset + i));
        }
        for (; i < length; i++) {
            h = h << 8 ^ h >>> 56 ^ b[offset + i] & 0xff;
        }
        return (int) mixed(h);
    }

    private static long mixed(long h) {
        long product = h * 0x9E3779B97F4A7C15L;
        return product ^ product >>> 32;
    }
}
