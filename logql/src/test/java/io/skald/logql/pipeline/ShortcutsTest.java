/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.SampleExpr;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ways to do less for a line give what the long way gives. */
class ShortcutsTest {
    private static final Labels STREAM = Labels.of("app", "web", "b", "1");
    private static final Labels[] METADATA = {Labels.EMPTY, Labels.of("detected_level", "info"), Labels.of("a", "m")};

    private static final String[] LOGFMT = {
        "a", "a_b", "a-b", "b", "ab", "=", "=", "=", " ", " ", " ", "\"", "\"", "\\", "1", "x y", "é", "\u2003", "\t",
        "_"
    };
    private static final String[] JSON = {
        "{",
        "}",
        ",",
        ":",
        "\"a\":",
        "\"b\":",
        "\"a\":{",
        "\"c\":",
        "\"x\"",
        "1.5",
        "null",
        "[",
        "]",
        " ",
        "\\",
        "\"",
        "\"a\\\"\":",
        "true",
        "\"\""
    };

    private static byte[] line(Random r, String[] parts, int most) {
        StringBuilder sb = new StringBuilder();
        for (int n = r.nextInt(most); n > 0; n--) {
            sb.append(parts[r.nextInt(parts.length)]);
        }
        return sb.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void begin(LineState state, byte[] line, Labels metadata) {
        // not at the beginning of the array, and not up to its end
        byte[] padded = new byte[line.length + 6];
        Arrays.fill(padded, (byte) '"');
        System.arraycopy(line, 0, padded, 3, line.length);
        state.begin(1, padded, 3, line.length, metadata);
    }

    @Test
    void aLogfmtKeyThatIsSoughtIsTheOneThatIsFoundAmongAll() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        for (String name : List.of("a", "a_b", "ab", "a_extracted", "b_extracted", "b")) {
            Needed one = Needed.only(Set.of(name, "app"));
            LogfmtStep seeking = new LogfmtStep(one, STREAM, false, false, EarlyFilters.NONE);
            LogfmtStep all = new LogfmtStep(Needed.ALL, STREAM, false, false, EarlyFilters.NONE);
            LineState sought = new LineState(STREAM);
            LineState found = new LineState(STREAM);
            for (int i = 0; i < 5_000; i++) {
                byte[] line = line(r, LOGFMT, 24);
                Labels metadata = METADATA[r.nextInt(METADATA.length)];
                begin(sought, line, metadata);
                begin(found, line, metadata);
                seeking.apply(sought);
                all.apply(found);
                assertThat(sought.get(name))
                        .as("seed %d, %s in %s", seed, name, new String(line, StandardCharsets.UTF_8))
                        .isEqualTo(found.get(name));
            }
        }
    }

    @Test
    void keysOfJsonThatAreExpectedAreReadAsOthers() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        JsonStep experienced = new JsonStep(Needed.ALL, EarlyFilters.NONE);
        LineState state = new LineState(STREAM);
        for (int i = 0; i < 10_000; i++) {
            byte[] tail = line(r, JSON, 12);
            byte[] line = ("{\"a\":1,\"b\":{\"c\":\"x\"}," + new String(tail, StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            Labels metadata = METADATA[r.nextInt(METADATA.length)];
            begin(state, line, metadata);
            experienced.apply(state);
            LineState fresh = new LineState(STREAM);
            begin(fresh, line, metadata);
            new JsonStep(Needed.ALL, EarlyFilters.NONE).apply(fresh);
            assertThat(state.allLabels())
                    .as("seed %d, %s", seed, new String(line, StandardCharsets.UTF_8))
                    .isEqualTo(fresh.allLabels());
        }
    }

    @Test
    void aPatternStopsBehindTheLastCaptureThatIsWanted() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        for (String pattern : List.of("<a> <_>x<c>", "x<a>1<_> <c> ", "<_>=<a>=", "<a>a_b<b>")) {
            LinePattern p = LinePattern.forParser(pattern);
            for (String name : p.names()) {
                PatternStep one = new PatternStep(Needed.only(Set.of(name)), p, EarlyFilters.NONE);
                PatternStep all = new PatternStep(Needed.ALL, p, EarlyFilters.NONE);
                LineState few = new LineState(STREAM);
                LineState many = new LineState(STREAM);
                for (int i = 0; i < 3_000; i++) {
                    byte[] line = line(r, LOGFMT, 16);
                    begin(few, line, METADATA[i % METADATA.length]);
                    begin(many, line, METADATA[i % METADATA.length]);
                    one.apply(few);
                    all.apply(many);
                    assertThat(few.get(name))
                            .as("seed %d, %s in %s", seed, pattern, new String(line, StandardCharsets.UTF_8))
                            .isEqualTo(many.get(name));
                }
            }
        }
    }

    @Test
    void aPackedLabelThatTheStreamHasIsLeftOutIfNobodyWantsIt() {
        LineState state = new LineState(STREAM);
        begin(state, "{\"b\":\"packed\",\"_entry\":\"text\"}".getBytes(StandardCharsets.UTF_8), Labels.EMPTY);
        new UnpackStep(Needed.only(Set.of("b")), EarlyFilters.NONE).apply(state);
        assertThat(state.get("b")).isEqualTo("1");
        assertThat(state.get("b_extracted")).isNull();
    }

    @Test
    void plainNumbersAndDurationsAreReadAsOthers() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        String[] parts = {"0", "1", "25", "999999", ".", "ms", "s", "h", "m", "us", "ns", "-", "e", "1000000000"};
        Conversion conversion = new Conversion();
        int plain = 0;
        for (int i = 0; i < 40_000; i++) {
            byte[] b = line(r, parts, 5);
            String text = new String(b, StandardCharsets.UTF_8);
            double number = Conversion.plain(b, 0, b.length);
            if (number >= 0) {
                plain++;
                assertThat(conversion.number(text))
                        .as("seed %d, %s", seed, text)
                        .isEqualTo(number);
                assertThat(conversion.error()).isNull();
                assertThat(conversion.bytes(text)).isEqualTo(Math.floor(number));
            }
            long nanos = Conversion.plainDuration(b, 0, b.length);
            if (nanos >= 0) {
                plain++;
                assertThat(conversion.durationNanos(text))
                        .as("seed %d, %s", seed, text)
                        .isEqualTo(nanos);
                assertThat(conversion.error()).isNull();
            }
        }
        assertThat(plain).isGreaterThan(4_000);
    }

    @Test
    void filtersSayTheSameOfBytesAndOfText() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        LabelFilter[] filters = {
            new LabelFilter.StringFilter(new Matcher("a", Matcher.Op.EQUAL, "1é")),
            new LabelFilter.StringFilter(new Matcher("a", Matcher.Op.NOT_EQUAL, "1")),
            new LabelFilter.StringFilter(new Matcher("a", Matcher.Op.EQUAL, "")),
            new LabelFilter.StringFilter(new Matcher("a", Matcher.Op.EQUAL, "\ufffd")),
        };
        String[] parts = {"1", "é", "\ufffd", "2"};
        for (int i = 0; i < 5_000; i++) {
            byte[] value = line(r, parts, 3);
            if (value.length > 0 && r.nextInt(4) == 0) {
                value[r.nextInt(value.length)] = (byte) 0xc3;
            }
            LineState bytes = new LineState(STREAM);
            LineState text = new LineState(STREAM);
            for (LineState s : List.of(bytes, text)) {
                begin(s, value, Labels.EMPTY);
                s.extract("a", s.buffer(), s.offset(), s.length(), LineState.Encoding.PLAIN);
            }
            text.get("a");
            for (LabelFilter f : filters) {
                assertThat(LabelFilters.step(f).apply(bytes))
                        .as("seed %d, %s, %s", seed, f, new String(value, StandardCharsets.UTF_8))
                        .isEqualTo(LabelFilters.step(f).apply(text));
            }
        }
    }

    @Test
    void numbersStandForSeries() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        List<SampleExpr.@Nullable Grouping> groupings = Arrays.asList(
                new SampleExpr.Grouping(List.of("a"), false),
                new SampleExpr.Grouping(List.of("a", "c", "app"), false),
                new SampleExpr.Grouping(List.of("a"), true),
                null);
        for (SampleExpr.Grouping grouping : groupings) {
            SeriesLabels series = new SeriesLabels(grouping, null);
            LogfmtStep logfmt = new LogfmtStep(Needed.ALL, STREAM, false, true, EarlyFilters.NONE);
            LineState state = new LineState(STREAM);
            Map<Integer, Labels> byNumber = new HashMap<>();
            for (int i = 0; i < 5_000; i++) {
                String line = "a=" + r.nextInt(40) + (r.nextBoolean() ? " c=" + r.nextInt(400) : " c=\"\\\"\"");
                begin(state, r.nextInt(8) == 0 ? new byte[0] : line.getBytes(StandardCharsets.UTF_8), METADATA[i % 3]);
                logfmt.apply(state);
                int number = series.number(state);
                Labels labels = new SeriesLabels(grouping, null).of(state);
                assertThat(series.of(state)).as("seed %d", seed).isEqualTo(labels);
                if (number >= 0) {
                    Labels before = byNumber.putIfAbsent(number, labels);
                    assertThat(before == null ? labels : before)
                            .as("seed %d", seed)
                            .isEqualTo(labels);
                }
            }
            assertThat(byNumber).isNotEmpty();
        }
    }
}
