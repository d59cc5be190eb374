/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.InProcess;
import io.skald.agent.push.Rejected;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Outbox;
import io.skald.agent.tail.FileJob;
import io.skald.agent.tail.Target;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AgentTest {
    @TempDir
    Path dir;

    private final CollectorRegistry registry = new CollectorRegistry();
    private final RecordingSink sink = new RecordingSink(new Random(1));

    private Agent open(String glob) throws IOException {
        return open(glob, sink);
    }

    private Agent open(String glob, RecordingSink to) throws IOException {
        return open(glob, to, JobPipeline.withoutTraces());
    }

    private Agent open(String glob, RecordingSink to, JobPipeline pipeline) throws IOException {
        AgentSettings settings = new AgentSettings(
                dir.resolve("data/agent"),
                4096,
                Duration.ofMillis(20),
                1 << 20,
                false,
                1 << 20,
                Duration.ofMillis(20),
                2);
        FileJob job = new FileJob("job", pipeline, true, false);
        Target target =
                new Target(job, List.of(new Glob(dir.resolve(glob).toString())), null, Labels.EMPTY, Labels.EMPTY);
        Agent.Destination d = new Agent.Destination(
                "test",
                (agent, epoch) -> new InProcess(to),
                new Backoff(Duration.ofMillis(10), Duration.ofMillis(500)));
        return Agent.open(settings, List.of(d), () -> List.of(target), InstantSource.system(), registry);
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.ISO_8859_1, CREATE, APPEND);
    }

    private double metric(String name) {
        Double v = registry.getSampleValue("skald_agent_" + name, new String[] {"client"}, new String[] {"test"});
        return v == null ? 0 : v;
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.sleep(5); // polls with a deadline
        }
    }

    @Test
    void everyLineOfEveryFileOnceAndInOrder() throws Exception {
        for (int f = 0; f < 9; f++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 2000; i++) {
                text.append(i % 10 == 0 ? "" : "line " + i / 4).append(i % 7 == 0 ? "\r\n" : "\n");
            }
            append(dir.resolve("f" + f + ".log"), text.toString());
        }
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().size() == 9 * 2000);
        }
        List<String> expected = IntStream.range(0, 2000)
                .mapToObj(i -> i % 10 == 0 ? "" : "line " + i / 4)
                .toList();
        for (int f = 0; f < 9; f++) {
            Labels stream = Labels.of("filename", dir.resolve("f" + f + ".log").toString());
            List<RecordingSink.Stored> of = sink.stored().stream()
                    .filter(s -> s.stream().equals(stream))
                    .toList();
            assertThat(of).extracting(RecordingSink.Stored::line).isEqualTo(expected);
            assertThat(of)
                    .extracting(RecordingSink.Stored::timestampNanos)
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
        assertThat(registry.getSampleValue("skald_agent_acked_lines_total")).isNull();
        try (Agent again = open("*.log")) {
            assertThat(again).isNotNull();
            append(dir.resolve("f0.log"), "more\n");
            until(() -> sink.lines().contains("more"));
            assertThat(registry.getSampleValue("skald_agent_read_lines_total")).isEqualTo(1);
        }
        assertThat(sink.lines()).hasSize(9 * 2000 + 1);
    }

    @Test
    void rotationByRenameOutOfTheGlobAlsoWhileStopped() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "1\n2\n");
        Agent agent = open("*.log");
        until(() -> sink.lines().size() == 2);
        Files.move(log, dir.resolve("app.log.1"));
        append(dir.resolve("app.log.1"), "3\n");
        append(log, "4\n");
        until(() -> sink.lines().size() == 4);
        agent.kill();
        append(log, "5\n");
        Files.move(dir.resolve("app.log.1"), dir.resolve("app.log.2"));
        append(dir.resolve("app.log.2"), "3b\n");
        Files.move(log, dir.resolve("app.log.1"));
        append(log, "6\n");
        try (Agent second = open("*.log")) {
            assertThat(second).isNotNull();
            until(() -> sink.lines().size() == 7);
        }
        assertThat(sink.lines()).containsExactlyInAnyOrder("1", "2", "3", "3b", "4", "5", "6");
        assertThat(sink.stored()).extracting(s -> s.stream().get("filename")).containsOnly(log.toString());
    }

    @Test
    void copyTruncateAndTruncationThatIsSeenOnlyByTheContent() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "old 1\nold 2\n");
        Agent agent = open("*.log");
        until(() -> sink.lines().size() == 2);
        Files.writeString(log, "new 1\n", TRUNCATE_EXISTING);
        until(() -> sink.lines().size() == 3);
        Files.writeString(log, "longer than what was there before\nsecond\n", TRUNCATE_EXISTING);
        until(() -> sink.lines().size() == 5);
        agent.close();
        Files.writeString(log, "while nobody looked, longer than what was there before\nsecond\n", TRUNCATE_EXISTING);
        try (Agent second = open("*.log")) {
            assertThat(second).isNotNull();
            until(() -> sink.lines().size() == 7);
        }
    }

    @Test
    void aDeletedFileIsReadToItsEnd() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "1\n");
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().size() == 1);
            sink.down(true);
            append(log, "2\n");
            until(() -> registry.getSampleValue("skald_agent_read_lines_total") == 2.0);
            Files.delete(log);
            sink.down(false);
            until(() -> sink.lines().size() == 2);
        }
    }

    @Test
    void aLastLineWithoutEndComesAfterAMoment() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "whole\nhalf");
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().equals(List.of("whole", "half")));
            append(log, "\nnext\n");
            until(() -> sink.lines().equals(List.of("whole", "half", "next")));
        }
    }

    @Test
    void whatWasNotTakenIsSentAfterTheNextStartAsItWas() throws Exception {
        append(dir.resolve("a.log"), "1\n2\n");
        sink.down(true);
        Agent agent = open("*.log");
        until(() -> Double.valueOf(2).equals(registry.getSampleValue("skald_agent_read_lines_total")));
        until(() -> metric("push_retries_total") >= 1 && agent.spoolBytes() > 8);
        agent.kill();
        Files.delete(dir.resolve("a.log"));
        sink.down(false);
        try (Agent second = open("*.log")) {
            assertThat(second).isNotNull();
            until(() -> sink.lines().equals(List.of("1", "2")));
        }
    }

    @Test
    void whatIsRefusedForGoodIsKeptAside() throws Exception {
        append(dir.resolve("bad.log"), "1\n2\n");
        sink.refusing(dir.resolve("bad.log").toString());
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> metric("rejected_lines_total") == 2.0);
            append(dir.resolve("good.log"), "3\n");
            until(() -> sink.lines().equals(List.of("3")));
        }
        Rejected rejected = new Rejected(dir.resolve("data/agent/rejected"), 1 << 20);
        assertThat(rejected.list()).isNotEmpty();
        assertThat(rejected.list().getFirst().message()).isEqualTo("no such thing here");
        assertThat(rejected.list().stream().mapToLong(Rejected.Entry::entries).sum())
                .isEqualTo(2);
    }

    @Test
    void aNewFileWithTheInodeOfOneThatIsGoneIsNewUnderItsOwnName() throws Exception {
        Path log = dir.resolve("new.log");
        append(log, "1\n2\n");
        try (Outbox outbox = Outbox.open(dir.resolve("data/agent"), List.of("test"))) {
            FileState gone = new FileState(
                    "job",
                    FileId.of(log),
                    "gone.log",
                    2,
                    1,
                    5,
                    77,
                    2,
                    FileState.Format.PLAIN,
                    FileState.Position.LINE_START,
                    List.of());
            outbox.append(List.of(), List.of(gone), Map.of());
        }
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().equals(List.of("1", "2")));
        }
        assertThat(sink.stored()).extracting(s -> s.stream().get("filename")).containsOnly(log.toString());
    }

    @Test
    void compressedFilesAreNotRead() throws Exception {
        Files.write(dir.resolve("a.log.1.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, '\n', 'x', '\n'});
        append(dir.resolve("a.log"), "1\n");
        try (Agent agent = open("*.log*")) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().equals(List.of("1")));
            assertThat(registry.getSampleValue("skald_agent_skipped_files_total"))
                    .isEqualTo(1);
        }
    }

    @Test
    void twoAgentsDoNotShareADirectory() throws Exception {
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            assertThatThrownBy(() -> open("*.log"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("another agent uses " + dir.resolve("data/agent"));
        }
    }

    /** While the positions cannot be saved no segment may go: reading stops at the limit, and goes on by itself. */
    @Test
    void theOutboxHasALimit() throws Exception {
        Path obstacle = Files.createDirectories(dir.resolve("data/agent/positions.tmp/full"));
        Path log = dir.resolve("app.log");
        int lines = 80_000;
        append(
                log,
                IntStream.range(0, lines)
                        .mapToObj(i -> "line " + i + " " + Long.toHexString(i * 0x9E3779B97F4A7C15L)
                                + Long.toHexString(i * 0xC2B2AE3D27D4EB4FL) + Long.toHexString(i * 0xD6E8FEB86659FD93L)
                                + "\n")
                        .collect(joining()));
        try (Agent agent = open("*.log")) {
            assertThat(agent).isNotNull();
            until(() -> registry.getSampleValue("skald_agent_spool_full_seconds_total") > 0.0);
            assertThat(registry.getSampleValue("skald_agent_spool_bytes")).isBetween(500_000.0, 1.1e6);
            assertThat(sink.lines()).hasSizeLessThan(lines);
            Files.delete(obstacle);
            Files.delete(obstacle.getParent());
            until(() -> sink.lines().size() == lines);
        }
        assertThat(sink.lines()).doesNotHaveDuplicates();
    }

    /** Files grow, rotate and are rotated again; the sink fails and loses answers; the agent is killed and started. Every line arrives once. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void exactlyOnceThroughKills(long seed) throws Exception {
        Random random = new Random(seed);
        RecordingSink flaky = new RecordingSink(random).failing(20);
        List<String> written = new ArrayList<>();
        int rotations = 0;
        Agent agent = open("app*", flaky, seed % 2 == 0 ? JobPipeline.PLAIN : JobPipeline.withoutTraces());
        for (int step = 0; step < 60; step++) {
            Path log = dir.resolve("app-" + random.nextInt(2) + ".log");
            switch (random.nextInt(8)) {
                case 0 -> {
                    agent.kill();
                    agent = open("app*", flaky, seed % 2 == 0 ? JobPipeline.PLAIN : JobPipeline.withoutTraces());
                }
                case 1 -> {
                    agent.close();
                    agent = open("app*", flaky, seed % 2 == 0 ? JobPipeline.PLAIN : JobPipeline.withoutTraces());
                }
                case 2 -> {
                    if (Files.exists(log)) {
                        Files.move(log, dir.resolve(log.getFileName() + "." + ++rotations));
                    }
                }
                default -> {
                    StringBuilder text = new StringBuilder();
                    for (int i = random.nextInt(200); i >= 0; i--) {
                        // neighbours that are equal, and lines that are empty
                        String line = random.nextInt(5) == 0 ? "" : "step " + step + " " + i / 3;
                        written.add(line);
                        text.append(line).append('\n');
                    }
                    append(log, text.toString());
                }
            }
        }
        until(() -> flaky.lines().size() >= written.size());
        agent.close();
        assertThat(flaky.lines()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(written);
        try (Agent last = open("app*", flaky, seed % 2 == 0 ? JobPipeline.PLAIN : JobPipeline.withoutTraces())) {
            assertThat(last).isNotNull();
        }
        assertThat(flaky.lines()).as("seed %d, once more", seed).hasSize(written.size());
    }
}
