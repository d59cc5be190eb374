/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.UndatedText;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Searching the lines of a block as one text, with and without their dates, finds what looking at each line finds. */
class LineSearchTest {
    private static final int DAY = 20_050;
    private static final long T = DAY * 86_400_000_000_000L + 7_000_000_000L;
    private static final String[] PATTERNS = {
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        "yyyy-MM-dd HH:mm:ss,SSS",
        "dd/MMM/yyyy:HH:mm:ss",
        "MMM dd HH:mm:ss",
        "yyMMdd HHmmss",
        "yy/MM/dd HH:mm:ss",
        "yyyy/MM/dd HH:mm:ss.SSSSSS",
        "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'"
    };
    private static final String[] WORDS = {
        "Kestrel", "status", "200", "2026", "-", ":", "11", "a", "ſ", "É", "Nov", " 1"
    };

    private static String line(Random random, long time) {
        StringBuilder s = new StringBuilder();
        for (int n = random.nextInt(4); n > 0; n--) {
            s.append(WORDS[random.nextInt(WORDS.length)]);
        }
        if (random.nextInt(5) > 0) {
            s.append(DateTimeFormatter.ofPattern(PATTERNS[random.nextInt(PATTERNS.length)], Locale.ROOT)
                    .format(Instant.ofEpochSecond(0, time).atOffset(ZoneOffset.UTC)));
        }
        for (int n = random.nextInt(6); n > 0; n--) {
            s.append(WORDS[random.nextInt(WORDS.length)]);
        }
        return s.toString();
    }

    private static List<String> read(SegmentReader reader, List<Requirement> requirements, Direction direction)
            throws StoreException {
        ScanRequest request =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, direction, ScanRequest.Columns.ALL, requirements);
        SegmentScan scan = new SegmentScan(request, new ScanStats(), m -> {
            throw new AssertionError(m);
        });
        List<String> lines = new ArrayList<>();
        for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
            StreamScan s = c.scan(scan);
            try (EntryCursor e = s.open()) {
                while (e.next()) {
                    lines.add(new String(e.buffer(), e.offset(), e.length(), StandardCharsets.UTF_8));
                }
            }
        }
        return lines;
    }

    private static String needle(Random random, List<String> lines) {
        String line = lines.get(random.nextInt(lines.size()));
        if (line.isEmpty()) {
            return "x";
        }
        int from = random.nextInt(line.length());
        int to = from + 1 + random.nextInt(Math.min(20, line.length() - from));
        return line.substring(from, to);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void findsWhatLinesHold(long seed) throws StoreException {
        Random random = new Random(seed);
        MemorySegmentStore store = new MemorySegmentStore();
        SegmentRef ref;
        List<String> lines = new ArrayList<>();
        try (SegmentWriter w = SegmentWriter.create(store, new TenantId("t"), DAY)) {
            for (String app : List.of("a", "b", "c")) {
                // the last is large enough for blocks of its own
                int n = app.equals("c") ? 3000 : 40;
                EntryBatch batch = new EntryBatch(Labels.of("app", app), n);
                for (int i = 0; i < n; i++) {
                    long time = T + i * 1_000_003L;
                    String line = line(random, time);
                    lines.add(line);
                    byte[] b = line.getBytes(StandardCharsets.UTF_8);
                    batch.add(time, b, 0, b.length, Labels.EMPTY);
                }
                w.add(batch);
            }
            ref = w.finish();
        }
        SegmentReader reader = new SegmentReaders(store).get(ref);
        for (int i = 0; i < 300; i++) {
            List<Requirement.Term> terms = new ArrayList<>();
            List<Predicate<String>> holds = new ArrayList<>();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                String needle = needle(random, lines);
                boolean ignoreCase = random.nextInt(3) == 0;
                terms.add(new Requirement.Text(needle.getBytes(StandardCharsets.UTF_8), ignoreCase));
                holds.add(
                        ignoreCase
                                ? l -> l.toLowerCase(Locale.ROOT).contains(needle.toLowerCase(Locale.ROOT))
                                : l -> l.contains(needle));
            }
            List<String> wanted = lines.stream()
                    .filter(l -> holds.stream().anyMatch(h -> h.test(l)))
                    .toList();
            List<String> found = read(reader, List.of(new Requirement(terms)), Direction.FORWARD).stream()
                    .filter(l -> holds.stream().anyMatch(h -> h.test(l)))
                    .toList();
            assertThat(found).as("seed %d: %s", seed, terms).isEqualTo(wanted);
            if (terms.size() == 1 && !((Requirement.Text) terms.getFirst()).ignoreCase()) {
                assertThat(read(reader, List.of(new Requirement(terms)), Direction.BACKWARD))
                        .as("seed %d: nothing but what holds %s", seed, terms)
                        .hasSize(wanted.size());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "connection refused,connection refused",
        "ZX9QJ7K2MVT4,ZX9QJ7K2MVT",
        "c0ffee5eed0ddba11facade0feedbeef,c0ffee5eed0ddba11facade0feedbeef",
        "'31 connection',' connection'",
        "2026-11-21T10:00:00,''",
        "'at 2026-11-21T10:00:00 x',''",
        "10:00,''",
        "No,''",
        "'in Nov','in '",
    })
    void coreIsWhatNoDateTouches(String text, String core) {
        assertThat(new String(UndatedText.core(text.getBytes(StandardCharsets.UTF_8), false), StandardCharsets.UTF_8))
                .isEqualTo(core);
    }

    @Test
    void needlesAreFoundWhereTheyAre() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            byte[] hay = bytes(random, random.nextInt(60));
            int from = hay.length == 0 ? 0 : random.nextInt(hay.length);
            int to = from + random.nextInt(hay.length - from + 1);
            search(hay, from, to, bytes(random, 1 + random.nextInt(4)), "round " + round);
        }
    }

    /** Far away, at the ends of stretches that are ruled out at once, and behind places that look right. */
    @Test
    void needlesAreFoundFarAway() {
        Random random = new Random(8);
        for (int round = 0; round < 500; round++) {
            byte[] needle = bytes(random, 2 + random.nextInt(11));
            byte[] hay = new byte[random.nextInt(9000)];
            // bytes of the needle, but seldom all of it
            for (int i = 0; i < hay.length; i++) {
                hay[i] = random.nextInt(3) == 0 ? needle[random.nextInt(needle.length)] : (byte) ' ';
            }
            int from = random.nextInt(Math.min(hay.length, 20) + 1);
            int to = hay.length - random.nextInt(Math.min(hay.length - from, 20) + 1);
            if (to - from >= needle.length && random.nextBoolean()) {
                int edge = random.nextBoolean() ? to - needle.length - from : 256 + 2048 * random.nextInt(4);
                int at = from + Math.clamp(edge - random.nextInt(12), 0, to - needle.length - from);
                System.arraycopy(needle, 0, hay, at, needle.length);
            }
            search(hay, from, to, needle, "round " + round);
        }
    }

    private static byte[] bytes(Random random, int length) {
        byte[] b = new byte[length];
        for (int i = 0; i < length; i++) {
            b[i] = (byte) "abAB@`[{\u00e9".charAt(random.nextInt(9));
        }
        return b;
    }

    private static void search(byte[] hay, int from, int to, byte[] needle, String what) {
        for (boolean ignoreCase : new boolean[] {false, true}) {
            assertThat(new ByteNeedle(needle, ignoreCase).indexIn(hay, from, to))
                    .as(what)
                    .isEqualTo(naive(hay, from, to, needle, ignoreCase));
        }
    }

    private static int naive(byte[] hay, int from, int to, byte[] needle, boolean ignoreCase) {
        String h = new String(hay, 0, to, StandardCharsets.ISO_8859_1);
        String n = new String(needle, StandardCharsets.ISO_8859_1);
        if (ignoreCase) {
            h = ascii(h);
            n = ascii(n);
        }
        return h.indexOf(n, from);
    }

    private static String ascii(String s) {
        StringBuilder b = new StringBuilder();
        s.chars().forEach(c -> b.append(c >= 'A' && c <= 'Z' ? (char) (c + 32) : (char) c));
        return b.toString();
    }
}
