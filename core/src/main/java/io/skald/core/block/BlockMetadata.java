/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The decoded metadata columns of a block. Not thread-safe: it remembers the labels that it built. */
public final class BlockMetadata {
    static final BlockMetadata NONE = new BlockMetadata(List.of());

    private final Key[] keys;
    private final int[] indexes;
    private Labels last = Labels.EMPTY;
    /** With a single key: the labels of each of its values. */
    private final Labels @Nullable [] single;

    BlockMetadata(List<Key> keys) {
        this.keys = keys.toArray(new Key[0]);
        this.indexes = new int[this.keys.length];
        this.single = this.keys.length == 1 ? new Labels[this.keys[0].dictionary.length] : null;
    }

    /** Adds all values to a skip filter. */
    void addTo(SkipFilterBuilder filter) {
        for (Key k : keys) {
            for (String value : k.dictionary) {
                filter.metadata(k.name, value);
            }
        }
    }

    /** The metadata of a row; the same instance as of the row asked for before when the two are equal. */
    public Labels row(int row) {
        if (keys.length == 0) {
            return Labels.EMPTY;
        }
        if (single != null) {
            int i = keys[0].index(row);
            if (i == 0) {
                return Labels.EMPTY;
            }
            if (single[i - 1] == null) {
                single[i - 1] = Labels.of(keys[0].name, keys[0].dictionary[i - 1]);
            }
            return single[i - 1];
        }
        boolean same = true;
        for (int k = 0; k < keys.length; k++) {
            int i = keys[k].index(row);
            same &= i == indexes[k];
            indexes[k] = i;
        }
        if (!same) {
            Labels.Builder b = new Labels.Builder();
            for (int k = 0; k < keys.length; k++) {
                if (indexes[k] != 0) {
                    b.set(keys[k].name, keys[k].dictionary[indexes[k] - 1]);
                }
            }
            last = b.build();
        }
        return last;
    }

    /**
     * The values of the key that {@link BlockReader#metadata(String)} was asked for, which rows have by their numbers.
     *
     * @param values its values, of some of which there may be no row
     * @param numbers for each row the number of its value from 1, or 0 if it has none; null if no row has one
     */
    public record Values(List<String> values, int @Nullable [] numbers) {}

    /** The values of a single key. */
    public Values values(int rows) {
        if (keys.length == 0) {
            return new Values(List.of(), null);
        }
        if (keys.length > 1) {
            throw new IllegalStateException("values of " + keys.length + " keys");
        }
        return new Values(List.of(keys[0].dictionary), keys[0].numbers(rows));
    }

    /** One key: its values, and for each row (or each of some rows) which it has. */
    static final class Key {
        private final String name;
        private final String[] dictionary;
        private final int @Nullable [] sparseRows;
        private final int[] indexes;

        private Key(String name, String[] dictionary, int @Nullable [] sparseRows, int[] indexes) {
            this.name = name;
            this.dictionary = dictionary;
            this.sparseRows = sparseRows;
            this.indexes = indexes;
        }

        /** The number of the value, from 1; 0 when the row has none. */
        int index(int row) {
            if (sparseRows == null) {
                return indexes[row];
            }
            int i = Arrays.binarySearch(sparseRows, row);
            return i < 0 ? 0 : indexes[i];
        }

        /** The same for all rows. */
        int[] numbers(int rows) {
            int[] sparse = sparseRows;
            if (sparse == null) {
                return indexes;
            }
            int[] all = new int[rows];
            for (int i = 0; i < sparse.length; i++) {
                all[sparse[i]] = indexes[i];
            }
            return all;
        }

        static Key decode(String name, ByteSource in, int rows) throws CorruptData {
            int mode = in.u8();
            // each value and each index takes a byte at least, so what is allocated is bounded by what is there
            String[] dictionary = new String[in.count("metadata values", Math.min(rows, in.remaining()))];
            for (int i = 0; i < dictionary.length; i++) {
                dictionary[i] = in.string("metadata value", in.remaining());
            }
            return switch (mode) {
                case BlockFormat.METADATA_DENSE -> {
                    if (in.remaining() < rows) {
                        throw in.corrupt("metadata of " + rows + " rows in " + in.remaining() + " bytes");
                    }
                    int[] indexes = dense(in, rows, dictionary.length);
                    in.expectEnd();
                    yield new Key(name, dictionary, null, indexes);
                }
                case BlockFormat.METADATA_SPARSE -> {
                    int n = in.count("rows with metadata", Math.min(rows, in.remaining() / 2));
                    int[] sparse = new int[n];
                    int[] indexes = new int[n];
                    int row = -1;
                    for (int i = 0; i < n; i++) {
                        row += 1 + in.count("row", rows - 2 - row);
                        sparse[i] = row;
                        indexes[i] = in.count("metadata value number", dictionary.length);
                    }
                    in.expectEnd();
                    yield new Key(name, dictionary, sparse, indexes);
                }
                default -> throw in.corrupt("unknown encoding " + mode + " of metadata");
            };
        }

        private static int[] dense(ByteSource in, int rows, int values) throws CorruptData {
            int[] indexes = new int[rows];
            long[] some = new long[Math.min(rows, 256)];
            for (int i = 0; i < rows; ) {
                int n = Math.min(some.length, rows - i);
                in.varints(some, 0, n);
                for (int k = 0; k < n; k++) {
                    if (some[k] < 0 || some[k] > values) {
                        throw in.corrupt(
                                "metadata value number " + Long.toUnsignedString(some[k]) + " exceeds " + values);
                    }
                    indexes[i++] = (int) some[k];
                }
            }
            return indexes;
        }
    }
}
