/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The label sets of a grouping by names, numbered as they come. Found by the values as they are: bytes that a parser has found are not made text
 * for a series that is known. Bounded; confined to one thread.
 */
final class GroupValues {
    /** So many are remembered; then all are forgotten. */
    private static final int MAX_REMEMBERED = 8192;

    private static final int MAX_NUMBERS = 1 << 20;

    /**
     * A series.
     *
     * @param values of each name: bytes of a parsed value, or a string, or null for none
     * @param single the value of the only name, if it is bytes
     */
    private record Known(int hash, @Nullable Object[] values, byte @Nullable [] single, Labels labels, int number) {}

    private final String[] names;
    /** Which of the names no parser can set. */
    private final boolean[] ofErrors;
    /** Of the line at hand: slots of values that are bytes, or -1; and the others. */
    private final int[] slots;

    private final @Nullable String[] texts;
    private @Nullable Known[] table = new Known[64];
    /** The hashes of those in the table, 0 where there is none: looking there first spares going to the others. */
    private int[] hashes = new int[64];

    private int remembered;
    private int numbers;
    private @Nullable Known last;

    /** @param names without repetition */
    GroupValues(String[] names) {
        // as parsers have them, so that they are found by being the same objects
        this.names = Arrays.stream(names).map(String::intern).toArray(String[]::new);
        this.ofErrors = new boolean[names.length];
        for (int i = 0; i < names.length; i++) {
            ofErrors[i] = names[i].equals(LineState.ERROR) || names[i].equals(LineState.ERROR_DETAILS);
        }
        this.slots = new int[names.length];
        this.texts = new String[names.length];
    }

    /** The number of the line's series, or -1 if there are too many. */
    int number(LineState state) {
        Known k = known(state);
        return k == null ? -1 : k.number;
    }

    Labels labels(LineState state) {
        Known k = known(state);
        return k == null ? build(state) : k.labels;
    }

    private @Nullable Known known(LineState state) {
        look(state);
        Known k = last;
        if (k != null && matches(k, state)) {
            return k;
        }
        int hash = hash(state);
        int mask = hashes.length - 1;
        int at = hash & mask;
        for (; hashes[at] != 0; at = (at + 1) & mask) {
            if (hashes[at] == hash) {
                k = table[at];
                if (k != null && matches(k, state)) {
                    last = k;
                    return k;
                }
            }
        }
        if (numbers == MAX_NUMBERS) {
            return null;
        }
        if (remembered == MAX_REMEMBERED) {
            Arrays.fill(table, null);
            Arrays.fill(hashes, 0);
            remembered = 0;
            at = hash & mask;
        }
        @Nullable Object[] values = values(state);
        byte[] single = values.length == 1 && values[0] instanceof byte[] b ? b : null;
        k = new Known(hash, values, single, build(state), numbers++);
        table[at] = k;
        hashes[at] = hash;
        if (2 * ++remembered > table.length) {
            grow();
        }
        last = k;
        return k;
    }

    /** Finds the values of a line. */
    private void look(LineState state) {
        for (int i = 0; i < names.length; i++) {
            int slot = ofErrors[i] ? -1 : state.slot(names[i]);
            if (slot >= 0 && state.isPlainSlice(slot)) {
                slots[i] = slot;
            } else {
                slots[i] = -1;
                texts[i] = state.get(names[i]);
            }
        }
    }

    private int hash(LineState state) {
        int hash = 0;
        for (int i = 0; i < names.length; i++) {
            int slot = slots[i];
            String text = texts[i];
            int h;
            if (slot >= 0) {
                h = ByteKeys.hash(state.sliceBuffer(slot), state.sliceOffset(slot), state.sliceLength(slot));
            } else {
                h = text == null ? 1 : text.hashCode();
            }
            hash = 31 * hash + h;
        }
        return hash == 0 ? 1 : hash;
    }

    private boolean matches(Known known, LineState state) {
        byte[] single = known.single;
        if (single != null) {
            int slot = slots[0];
            return slot >= 0
                    && ByteKeys.equal(
                            single, state.sliceBuffer(slot), state.sliceOffset(slot), state.sliceLength(slot));
        }
        for (int i = 0; i < names.length; i++) {
            Object v = known.values[i];
            int slot = slots[i];
            if (slot >= 0) {
                if (!(v instanceof byte[] b)
                        || !ByteKeys.equal(
                                b, state.sliceBuffer(slot), state.sliceOffset(slot), state.sliceLength(slot))) {
                    return false;
                }
            } else {
                String text = texts[i];
                if (text == null ? v != null : !text.equals(v)) {
                    return false;
                }
            }
        }
        return true;
    }

    private @Nullable Object[] values(LineState state) {
        @Nullable Object[] values = new Object[names.length];
        for (int i = 0; i < names.length; i++) {
            int slot = slots[i];
            if (slot >= 0) {
                int from = state.sliceOffset(slot);
                values[i] = Arrays.copyOfRange(state.sliceBuffer(slot), from, from + state.sliceLength(slot));
            } else {
                values[i] = texts[i];
            }
        }
        return values;
    }

    /** A value that is empty is none. */
    private Labels build(LineState state) {
        Labels.Builder b = new Labels.Builder();
        for (String name : names) {
            String v = state.get(name);
            if (v != null && !v.isEmpty()) {
                b.set(name, v);
            }
        }
        return b.build();
    }

    private void grow() {
        @Nullable Known[] bigger = new Known[2 * table.length];
        int[] biggerHashes = new int[bigger.length];
        int mask = bigger.length - 1;
        for (Known k : table) {
            if (k != null) {
                int at = k.hash & mask;
                while (biggerHashes[at] != 0) {
                    at = (at + 1) & mask;
                }
                bigger[at] = k;
                biggerHashes[at] = k.hash;
            }
        }
        table = bigger;
        hashes = biggerHashes;
    }
}
