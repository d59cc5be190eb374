/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Quote;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.SyntaxException;
import io.skald.logql.pipeline.CompiledPipeline;
import io.skald.logql.pipeline.LinePipeline;
import io.skald.logql.pipeline.Pipelines;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The one rule of skip filters: what a query gets with them is what it gets without them, for any blocks and any query. */
class SkipFilterSoundnessTest {
    /** More with {@code -Dskald.soundness.rounds=1000}. */
    private static final int ROUNDS = Integer.getInteger("skald.soundness.rounds", 5);

    private static final String[] WORDS = {
        "request completed",
        "Connection RESET by peer",
        "level=error",
        "{\"msg\":\"",
        "kernel: task blocked",
        "\u212Aelvin ſtraße",
        "user=İstanbul",
        "日本語テキスト",
        "\u001b[31mred\u001b[0m",
        "SELECT * FROM t",
        "status=500",
        "\\u0041 escaped",
        "a.b*c+d?(e)|f"
    };
    private static final String[] TAILS = {
        "",
        " | json",
        " | logfmt",
        " | line_format `{{.app}} x`",
        " | decolorize",
        " | drop tag",
        " | label_format tag=app",
        " | keep app",
        " | pattern `<a> <b>`"
    };

    private long seed;
    private Random random = new Random();
    private final List<byte[]> lines = new ArrayList<>();
    private final List<String> tags = new ArrayList<>();

    private byte[] line() {
        StringBuilder s = new StringBuilder();
        for (int n = random.nextInt(6); n >= 0; n--) {
            s.append(
                    random.nextInt(3) == 0 ? WORDS[random.nextInt(WORDS.length)] : Long.toHexString(random.nextLong()));
            s.append(random.nextInt(4) == 0 ? "" : " ");
        }
        String text = random.nextInt(4) == 0 ? s.toString().toUpperCase(java.util.Locale.ROOT) : s.toString();
        byte[] b = text.getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(10) == 0) {
            b[random.nextInt(b.length)] = (byte) 0xff;
        }
        return b;
    }

    private EntryBatch batch(Labels labels) {
        EntryBatch batch = new EntryBatch(labels);
        int bytes = random.nextInt(3) == 0 ? 2_000 : 34_000 + random.nextInt(20_000);
        long t = random.nextInt(1000);
        while (bytes > 0) {
            byte[] b = line();
            lines.add(b);
            String tag = Long.toHexString(random.nextLong());
            tags.add(tag);
            batch.add(
                    t,
                    b,
                    0,
                    b.length,
                    switch (random.nextInt(5)) {
                        case 0 -> Labels.of("tag", tag);
                        case 1 -> Labels.of("tag", "common", "app", "shadowed");
                        case 2 -> Labels.of("detected_level", "info", "other", tag);
                        default -> Labels.EMPTY;
                    });
            t += random.nextInt(100);
            bytes -= b.length;
        }
        return batch;
    }

    /** Part of a line that is there, or something like it. */
    private String needle() {
        String s = new String(lines.get(random.nextInt(lines.size())), StandardCharsets.UTF_8);
        int length = Math.min(s.length(), 8 + random.nextInt(30));
        int from = random.nextInt(s.length() - length + 1);
        s = s.substring(from, from + length);
        return switch (random.nextInt(6)) {
            case 0 -> s.substring(0, s.length() / 2) + "q" + s.substring(s.length() / 2);
            case 1 -> Long.toHexString(random.nextLong());
            case 2 -> s.toLowerCase(java.util.Locale.ROOT);
            default -> s;
        };
    }

    private String swapCase(String s) {
        StringBuilder b = new StringBuilder();
        s.codePoints()
                .forEach(c -> b.appendCodePoint(
                        !random.nextBoolean()
                                ? c
                                : Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c)));
        return b.toString();
    }

    private static String escape(String s) {
        return s.replaceAll("[\\\\.*+?()|\\[\\]{}^$]", "\\\\$0");
    }

    private String regexp() {
        String a = escape(needle());
        String b = escape(needle());
        return switch (random.nextInt(9)) {
            case 0 -> "(?i)" + swapCase(a);
            case 1 -> "(?i)(" + swapCase(a) + "|" + swapCase(b) + ")";
            case 2 -> a + "|" + b + ".*";
            case 3 -> "(" + a + "|" + b + ")+";
            case 4 -> "(" + a + ")?" + b;
            case 5 -> a + ".*" + b;
            case 6 -> "^.*(?:" + a + "|x" + b + "{2}|(?P<n>" + b + "))";
            case 7 -> "[" + a.charAt(0) + "]" + a;
            default -> a;
        };
    }

    private String query() {
        StringBuilder q = new StringBuilder("{app=~\".+\"}");
        for (int n = random.nextInt(3); n >= 0; n--) {
            q.append(
                    switch (random.nextInt(9)) {
                        case 0, 1 -> " |= " + Quote.quote(needle());
                        case 2 -> " |= " + Quote.quote(needle()) + " or " + Quote.quote(needle());
                        case 3, 4 -> " |~ " + Quote.quote(regexp());
                        case 5 -> " |~ " + Quote.quote(regexp()) + " or " + Quote.quote(regexp());
                        case 6 -> " |> " + Quote.quote("<_>" + needle().replace('<', 'y') + "<_>");
                        case 7 -> " != " + Quote.quote(needle());
                        default -> " | " + labelFilter();
                    });
            q.append(TAILS[random.nextInt(3) == 0 ? random.nextInt(TAILS.length) : 0]);
        }
        return q.toString();
    }

    private String labelFilter() {
        String tag = tags.get(random.nextInt(tags.size()));
        return switch (random.nextInt(7)) {
            case 0 -> "tag=\"" + tag + "\"";
            case 1 -> "tag=\"" + tag + "\" or other=\"" + tag + "\"";
            case 2 -> "app=\"shadowed\"";
            case 3 -> "app_extracted=\"shadowed\"";
            case 4 -> "tag=~\"" + tag + "|0\"";
            case 5 -> "detected_level=\"info\" and tag=\"" + tag + "\"";
            default -> "(other=\"" + tag + "\" and app=\"a1\") or tag=\"common\"";
        };
    }

    private List<String> run(
            SegmentReader reader, CompiledPipeline compiled, List<Requirement> requirements, ScanStats stats)
            throws StoreException {
        List<String> out = new ArrayList<>();
        ScanRequest request =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, requirements);
        SegmentScan scan = new SegmentScan(request, stats, m -> {
            throw new AssertionError("seed " + seed + ": " + m);
        });
        for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
            LinePipeline p = compiled.forStream(c.labels());
            try (EntryCursor e = c.scan(scan).open()) {
                while (e.next()) {
                    if (p.process(e.timestampNanos(), e.buffer(), e.offset(), e.length(), e.metadata())) {
                        out.add(c.labels() + "@" + e.timestampNanos() + p.labels() + p.line());
                    }
                }
            }
        }
        return out;
    }

    @Test
    void whatIsPrunedHoldsNothing() throws StoreException {
        long first = System.nanoTime();
        long pruned = 0;
        long hits = 0;
        for (seed = first; seed < first + ROUNDS; seed++) {
            random = new Random(seed);
            lines.clear();
            tags.clear();
            MemorySegmentStore store = new MemorySegmentStore();
            SegmentRef ref;
            try (SegmentWriter w = SegmentWriter.create(store, new TenantId("t"), 0)) {
                for (int s = 1 + random.nextInt(5); s > 0; s--) {
                    w.add(batch(Labels.of("app", "a" + (6 - s))));
                }
                ref = w.finish();
            }
            SegmentReader reader = new SegmentReaders(store).get(ref);
            for (int i = 0; i < 40; i++) {
                String query = query();
                CompiledPipeline compiled;
                try {
                    compiled = Pipelines.compile(Parser.parseLog(query).stages());
                } catch (SyntaxException e) {
                    continue; // the cut went through an escape or a bracket
                }
                ScanStats stats = new ScanStats();
                List<String> with = run(reader, compiled, compiled.requirements(), stats);
                assertThat(with)
                        .as("seed %d, query %s", seed, query)
                        .isEqualTo(run(reader, compiled, List.of(), new ScanStats()));
                pruned += stats.prunedBlocks.sum();
                hits += with.size();
            }
        }
        // else the test says nothing
        assertThat(pruned).as("seed %d", first).isGreaterThan(20L * ROUNDS);
        assertThat(hits).as("seed %d", first).isGreaterThan(20L * ROUNDS);
    }
}
