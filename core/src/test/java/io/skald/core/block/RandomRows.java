/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rows of all sorts, by seed. */
final class RandomRows {
    /** A row as it goes in and should come out. */
    record Row(long timestampNanos, String line, Labels metadata) {}

    private static final String[] WORDS = {
        "",
        " ",
        "GET",
        "/api/v1",
        "level=error",
        "\"msg\":",
        "café",
        "日本",
        "😀",
        "\n",
        "0",
        "4711",
        "0xdeadbeef",
        "\u0000"
    };
    private static final String[] VALUES = {"info", "error", "warn", "é", "a b", "17"};

    private final Random random;

    RandomRows(long seed) {
        random = new Random(seed);
    }

    List<Row> next() {
        int shape = random.nextInt(5);
        int n = shape == 0 ? 1 : 1 + random.nextInt(shape == 1 ? 5000 : 60);
        int keys = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(shape == 2 ? 40 : 3);
        int longest = random.nextInt(8) == 0 ? 100_000 : 200;
        int timeMode = random.nextInt(6);
        double present = random.nextDouble();
        List<Row> rows = new ArrayList<>(n);
        long t = random.nextLong() >> (timeMode == 5 ? 0 : 3);
        Labels metadata = Labels.EMPTY;
        for (int i = 0; i < n; i++) {
            t = switch (timeMode) {
                case 0 -> t + random.nextInt(3);
                case 1 -> t + 1_000_000L * random.nextInt(10_000);
                case 2 -> t + 1_000_000_000L;
                case 3 -> t + random.nextInt(1000) - 500;
                case 4 -> t;
                default ->
                    random.nextInt(4) == 0
                            ? (random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE)
                            : random.nextLong();
            };
            if (random.nextInt(3) != 0) {
                metadata = metadata(keys, present);
            }
            rows.add(new Row(t, line(n > 1000 ? 40 : longest), metadata));
        }
        return rows;
    }

    private Labels metadata(int keys, double present) {
        Labels.Builder b = new Labels.Builder();
        for (int k = 0; k < keys; k++) {
            if (random.nextDouble() < present) {
                String value = random.nextInt(3) == 0
                        ? Long.toHexString(random.nextLong())
                        : VALUES[random.nextInt(VALUES.length)];
                b.set("key" + k, value);
            }
        }
        return b.build();
    }

    private String line(int longest) {
        int n = random.nextInt(5) == 0 ? random.nextInt(longest) : random.nextInt(30);
        StringBuilder s = new StringBuilder();
        while (s.length() < n) {
            s.append(random.nextInt(4) == 0 ? Integer.toString(random.nextInt()) : WORDS[random.nextInt(WORDS.length)]);
            if (random.nextBoolean()) {
                s.append(' ');
            }
        }
        return s.toString();
    }

    /** Writes rows as a block. */
    static ByteSink write(BlockWriter writer, List<Row> rows) {
        for (Row r : rows) {
            byte[] b = (">" + r.line).getBytes(StandardCharsets.UTF_8);
            writer.add(r.timestampNanos, b, 1, b.length - 1, r.metadata);
        }
        ByteSink out = new ByteSink(16);
        writer.finish(out);
        return out;
    }

    /** Reads all rows of a block. */
    static List<Row> read(BlockReader reader) throws io.skald.core.model.StoreException.CorruptData {
        long[] times = reader.times(null);
        int[] offsets = reader.lineOffsets(null);
        byte[] lines = reader.lines(null);
        BlockMetadata metadata = reader.metadata();
        List<Row> rows = new ArrayList<>(reader.rows());
        for (int i = 0; i < reader.rows(); i++) {
            rows.add(new Row(
                    times[i],
                    new String(lines, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.UTF_8),
                    metadata.row(i)));
        }
        return rows;
    }
}
