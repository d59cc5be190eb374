/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.collect.ChunkPool;
import io.skald.agent.collect.Collector;
import io.skald.agent.discover.FileId;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.pipeline.TraceCorpus;
import io.skald.agent.spool.FileState;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FileTailTest {
    private static final Instant NOW = Instant.parse("2024-05-01T10:00:00Z");
    private static final String T = "2024-05-01T09:59:58.5Z";

    @TempDir
    Path dir;

    private final TailMetrics metrics = new TailMetrics(new CollectorRegistry());
    private final List<String> entries = new ArrayList<>();
    private Collector collector = collector();

    private static Collector collector() {
        Collector c = new Collector(InstantSource.fixed(NOW), 64 << 20, 0, Map.of());
        c.lock().lock();
        return c;
    }

    private FileTail open(Path file, FileState state) throws IOException {
        return open(file, state, JobPipeline.withoutTraces());
    }

    private FileTail open(Path file, FileState state, JobPipeline pipeline) throws IOException {
        FileJob job = new FileJob("job", pipeline, true, false);
        Target target = new Target(job, List.of(), null, Labels.EMPTY, Labels.EMPTY);
        TailContext context = new TailContext(collector, new ChunkPool(), metrics, new java.util.Random(1));
        return new FileTail(
                target, context, state, new Input.Plain(FileChannel.open(file, StandardOpenOption.READ)), 0);
    }

    private static FileState unread(Path file) throws IOException {
        return FileState.unread("job", FileId.of(file), "f", 1);
    }

    private Path write(String text) throws IOException {
        return Files.writeString(
                dir.resolve("f"),
                text,
                StandardCharsets.ISO_8859_1,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /** Reads to the end; entries as {@code stream time-behind-NOW-in-nanos line}. */
    private List<String> read(FileTail tail, long nowNanos) throws IOException {
        boolean more = true;
        while (more) {
            more = tail.read(nowNanos);
        }
        return taken();
    }

    private List<String> taken() {
        entries.clear();
        collector.forEachCollected(b -> {
            for (int i = 0; i < b.size(); i++) {
                long time = b.timestampNanos(i) - NOW.getEpochSecond() * 1_000_000_000;
                entries.add(b.labels().getOrEmpty("stream") + " " + time + " "
                        + new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.ISO_8859_1));
            }
        });
        return List.copyOf(entries);
    }

    static Stream<Arguments> contents() {
        return Stream.of(
                Arguments.of("empty file", "", List.of()),
                Arguments.of("plain", "a\nb\n", List.of(" 0 a", " 1 b")),
                Arguments.of("equal neighbours and empty lines", "a\na\n\n\n", List.of(" 0 a", " 1 a", " 2 ", " 3 ")),
                Arguments.of("carriage returns", "a\r\n\r\nb\rc\n", List.of(" 0 a", " 1 ", " 2 b\rc")),
                Arguments.of("bytes that are not UTF-8, and NUL", "\u00ff\u00fe\0x\n", List.of(" 0 \u00ff\u00fe\0x")),
                Arguments.of(
                        "CRI",
                        T + " stdout F one\n" + T + " stderr F two\n2024-05-01T11:59:59+02:00 stdout F \n",
                        List.of("stdout -1500000000 one", "stdout -1000000000 ", "stderr -1500000000 two")),
                Arguments.of(
                        "CRI with equal times: none is lost",
                        T + " stdout F one\n" + T + " stdout F one\n",
                        List.of("stdout -1500000000 one", "stdout -1499999999 one")),
                Arguments.of(
                        "CRI in parts, two streams at once",
                        T + " stdout P o\n" + T + " stderr P t\n" + T + " stdout P n\n" + T + " stdout F e\n" + T
                                + " stderr F wo\n",
                        List.of("stdout -1500000000 one", "stderr -1500000000 two")),
                Arguments.of(
                        "CRI with a foreign line, and tags",
                        T + " stdout F:x one\nnot of the runtime\n" + T + " stdout X one\n",
                        List.of("stdout -1500000000 one", " 0 not of the runtime", " 1 " + T + " stdout X one")),
                Arguments.of(
                        "a time from the future is not believed",
                        "2124-05-01T10:00:00Z stdout F one\n",
                        List.of("stdout 0 one")),
                Arguments.of(
                        "Docker",
                        "{\"log\":\"one \\\"1\\\"\\n\",\"stream\":\"stdout\",\"time\":\"" + T + "\"}\n"
                                + "{\"log\":\"two\\r\\n\",\"stream\":\"stderr\",\"attrs\":{\"a\":[1]},\"time\":\"" + T
                                + "\"}\n{broken\n",
                        List.of("stdout -1500000000 one \"1\"", "stderr -1500000000 two", " 0 {broken")),
                Arguments.of(
                        "Docker in parts",
                        "{\"log\":\"on\",\"stream\":\"stdout\",\"time\":\"" + T + "\"}\n"
                                + "{\"log\":\"e\\n\",\"stream\":\"stdout\",\"time\":\"" + T + "\"}\n",
                        List.of("stdout -1500000000 one")),
                Arguments.of(
                        "JSON of its own",
                        "{\"log\":\"x\"}\n{\"a\":1}\n",
                        List.of(" 0 {\"log\":\"x\"}", " 1 {\"a\":1}")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("contents")
    void lines(String name, String content, List<String> expected) throws IOException {
        Path file = write(content);
        try (FileTail tail = open(file, unread(file))) {
            assertThat(read(tail, 0)).as(name).isEqualTo(expected);
            assertThat(tail.lagBytes()).isZero();
        }
    }

    /** Wherever reading stops and goes on from the saved state, the same comes out. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("contents")
    void resumesAnywhere(String name, String content, List<String> expected) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
        List<String> lines = expected.stream().sorted().toList();
        for (int cut = 0; cut <= bytes.length; cut++) {
            Path file = dir.resolve("cut-" + cut);
            Files.write(file, java.util.Arrays.copyOf(bytes, cut));
            collector = collector();
            List<String> got = new ArrayList<>();
            FileState state = unread(file);
            for (boolean first : new boolean[] {true, false}) {
                try (FileTail tail = open(file, state)) {
                    while (tail.read(0)) {
                        state = tail.state();
                    }
                    state = tail.state();
                }
                if (first) {
                    Files.write(file, bytes);
                }
            }
            got.addAll(taken());
            assertThat(got.stream().sorted().toList())
                    .as("%s, cut at %d", name, cut)
                    .isEqualTo(lines);
        }
    }

    @Test
    void stackTracesOfAFileAreJoined() throws IOException {
        TraceCorpus corpus = new TraceCorpus(9);
        Path file = write(String.join("\n", corpus.lines()) + "\n");
        try (FileTail tail = open(file, unread(file), JobPipeline.PLAIN)) {
            List<String> got = new ArrayList<>(read(tail, 0));
            got.addAll(read(tail, 3 * FileTail.QUIET_NANOS));
            corpus.check(
                    "stack traces of a file, seed 9",
                    got.stream().map(e -> e.substring(e.indexOf(' ', 1) + 1)).toList());
        }
    }

    @Test
    void aLineThatIsTooLongIsCutAndTheNextIsWhole() throws IOException {
        Path file = write("x".repeat(3 << 20) + "\nnext\n");
        try (FileTail tail = open(file, unread(file))) {
            List<String> lines = read(tail, 0);
            assertThat(lines).hasSize(2);
            assertThat(lines.get(0)).hasSize((1 << 20) + 3);
            assertThat(lines.get(1)).isEqualTo(" 1 next");
        }
        assertThat(metrics.truncatedLines.get()).isEqualTo(1);
    }

    @Test
    void aLineOfAlmostTheLimitIsWhole() throws IOException {
        Path file = write("x".repeat(1 << 20) + "\nnext\n");
        try (FileTail tail = open(file, unread(file))) {
            assertThat(read(tail, 0)).extracting(String::length).containsExactly((1 << 20) + 3, 7);
        }
        assertThat(metrics.truncatedLines.get()).isZero();
    }

    @Test
    void anOpenLineComesAfterASecondOfQuietAndItsEndIsNoLineOfItsOwn() throws IOException {
        Path file = write("a\nhalf");
        try (FileTail tail = open(file, unread(file))) {
            assertThat(read(tail, 0)).containsExactly(" 0 a");
            assertThat(read(tail, FileTail.QUIET_NANOS - 1)).isEmpty();
            write("way");
            assertThat(read(tail, FileTail.QUIET_NANOS)).isEmpty();
            assertThat(read(tail, 2 * FileTail.QUIET_NANOS)).containsExactly(" 1 halfway");
            write("\nb\n");
            assertThat(read(tail, 2 * FileTail.QUIET_NANOS)).containsExactly(" 2 b");
            write("c");
            assertThat(read(tail, 3 * FileTail.QUIET_NANOS)).isEmpty();
            assertThat(read(tail, 4 * FileTail.QUIET_NANOS)).containsExactly(" 3 c");
            write("d\r\n");
            assertThat(read(tail, 4 * FileTail.QUIET_NANOS)).containsExactly(" 4 d");
        }
    }
}
