/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

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
    private static final DateTimeFormatter[] DATES = Stream.of(
                    "yyyy-MM-dd'T'HH:mm:ss",
                    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
                    "yyyy-MM-dd HH:mm:ss,SSS",
                    "yyyy-MM-dd HH:mm:ss.SSSSSS",
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS",
                    "yyyy-MM-dd HH:mm:ss.SS",
                    "dd/MMM/yyyy:HH:mm:ss Z",
                    "MMM ppd HH:mm:ss",
                    "MMM dd HH:mm:ss",
                    "EEE MMM ppd HH:mm:ss yyyy",
                    "yy/MM/dd HH:mm:ss",
                    "yyMMdd HHmmss",
                    "yyyy/MM/dd HH:mm:ss.SSS")
            .map(p -> DateTimeFormatter.ofPattern(p, Locale.ENGLISH))
            .toArray(DateTimeFormatter[]::new);

    private static final String[] VALUES = {"info", "error", "warn", "é", "a b", "17"};

    private final Random random;
    private int dateOfAll;

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
        int dates = random.nextInt(3);
        dateOfAll = random.nextInt(DATES.length);
        if (dates > 0 && timeMode < 5) {
            t = 1_700_000_000_000_000_000L + random.nextLong(1L << 60);
        }
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
            rows.add(new Row(t, dated(t, dates) + line(n > 1000 ? 40 : longest), metadata));
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

    /** A date, or something like it, that a line may begin with. */
    private String dated(long t, int dates) {
        if (dates == 0) {
            return "";
        }
        long near = random.nextInt(5) == 0 ? random.nextLong() : t + random.nextInt(3) * 3_600_000_000_000L;
        OffsetDateTime d = OffsetDateTime.ofInstant(
                Instant.ofEpochSecond(Math.floorDiv(near, 1_000_000_000L), Math.floorMod(near, 1_000_000_000L)),
                ZoneOffset.UTC);
        String s = d.format(DATES[dates == 1 ? dateOfAll : random.nextInt(DATES.length)]);
        if (random.nextInt(6) == 0) {
            int i = random.nextInt(s.length());
            s = s.substring(0, i) + "0 :9/-".charAt(random.nextInt(6)) + s.substring(i + 1);
        }
        return switch (random.nextInt(4)) {
            case 0 -> "10.0.0." + random.nextInt(300) + " - - [" + s + "] ";
            case 1 -> "{\"ts\":\"" + s + "\",";
            case 2 -> s;
            default -> s + " ";
        };
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
