/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.InProcess;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Outbox;
import io.skald.agent.tail.FileJob;
import io.skald.agent.tail.Target;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of lines when files are rotated and truncated, while an agent runs, is killed, or is not there. */
@Timeout(60)
class AgentRotationTest {
    private static final long SEEDS = Long.getLong("skald.agent.rotation-seeds", 6);
    private static final long FIRST_SEED = Long.getLong("skald.seed", 1);

    @TempDir
    Path dir;

    private final RecordingSink sink = new RecordingSink(new Random(1));

    private Agent open(RecordingSink to, JobPipeline pipeline) throws Exception {
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
                new Target(job, List.of(new Glob(dir.resolve("*.log").toString())), null, Labels.EMPTY, Labels.EMPTY);
        Agent.Destination d = new Agent.Destination(
                "test", (agent, epoch) -> new InProcess(to), new Backoff(Duration.ofMillis(5), Duration.ofMillis(50)));
        Agent agent = Agent.open(
                settings, List.of(d), () -> List.of(target), InstantSource.system(), new CollectorRegistry());
        until(() -> agent.blocked() == null);
        return agent;
    }

    /** Lines that may belong together are kept back, also where they are not side by side. */
    private static JobPipeline withStage() throws ConfigException {
        String config = """
                clients: [{url: "http://localhost:1"}]
                positions: {filename: /nowhere/positions.yaml}
                scrape_configs:
                  - job_name: job
                    static_configs: [{labels: {__path__: /nowhere}}]
                    pipeline_stages: [{decolorize: }]
                """;
        return AgentFile.parse("test", config, null, new CollectorRegistry())
                .jobs()
                .getFirst()
                .pipeline();
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.ISO_8859_1, CREATE, APPEND);
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.sleep(2); // polls with a deadline
        }
    }

    private Path sibling(Path log, String end) {
        return log.resolveSibling(log.getFileName() + end);
    }

    private void copyAndTruncate(Path log, Path copy) throws IOException {
        Files.copy(log, copy);
        Files.newOutputStream(log, TRUNCATE_EXISTING).close();
    }

    private static void compress(Path from) throws IOException {
        Path to = from.resolveSibling(from.getFileName() + ".gz");
        Path temporary = to.resolveSibling("." + to.getFileName());
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(temporary))) {
            Files.copy(from, out);
        }
        Files.move(temporary, to);
        Files.delete(from);
    }

    @Test
    void whatATruncationTookBeforeItWasReadIsInTheCopyAndReadAtOnce() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "1\n");
        try (Agent agent = open(sink, JobPipeline.withoutTraces())) {
            assertThat(agent).isNotNull();
            until(() -> sink.lines().equals(List.of("1")));
            // written to the file and gone from it at once: only the copy has it
            Files.writeString(sibling(log, ".1"), "1\n2\n3\n");
            Files.writeString(log, "", TRUNCATE_EXISTING);
            append(log, "4\n");
            until(() -> sink.lines().size() == 4);
        }
        assertThat(sink.lines()).containsExactlyInAnyOrder("1", "2", "3", "4");
        try (Agent again = open(sink, JobPipeline.withoutTraces())) {
            append(log, "5\n");
            until(() -> sink.lines().contains("5"));
            assertThat(again.problems()).isEmpty();
        }
        assertThat(sink.lines()).hasSize(5);
    }

    @Test
    void linesThatWereHeldBackAreNotLostWithTheirFile() throws Exception {
        List<FileState> states = new ArrayList<>();
        for (String how : List.of("truncated", "gone", "longer")) {
            Path log = dir.resolve(how + ".log");
            String trace = "java.lang.IllegalStateException: " + how + "\n\tat a.B.c(B.java:1)\n";
            append(log, trace);
            List<FileState.Held> held = trace.lines()
                    .map(l -> new FileState.Held(l.startsWith("j") ? 1 : 2, 1, l.getBytes(StandardCharsets.UTF_8)))
                    .toList();
            states.add(new FileState(
                    "job",
                    FileId.of(log),
                    log.toString(),
                    Files.size(log),
                    2,
                    states.size() + 1,
                    77,
                    (int) Files.size(log),
                    FileState.Format.PLAIN,
                    FileState.Position.LINE_START,
                    held));
        }
        try (Outbox outbox = Outbox.open(dir.resolve("data/agent"), List.of("test"))) {
            outbox.append(List.of(), states, Map.of());
        }
        JobPipeline traces = withStage();
        Files.writeString(dir.resolve("truncated.log"), "", TRUNCATE_EXISTING);
        Files.delete(dir.resolve("gone.log"));
        Files.writeString(dir.resolve("longer.log"), "x".repeat(100) + "\n", TRUNCATE_EXISTING);
        try (Agent again = open(sink, traces)) {
            until(() -> sink.lines().size() == 4);
            assertThat(again.problems()).isEmpty();
        }
        Agent third = open(sink, traces);
        third.close();
        assertThat(sink.lines())
                .containsExactlyInAnyOrder(
                        "java.lang.IllegalStateException: truncated\n\tat a.B.c(B.java:1)",
                        "java.lang.IllegalStateException: gone\n\tat a.B.c(B.java:1)",
                        "java.lang.IllegalStateException: longer\n\tat a.B.c(B.java:1)",
                        "x".repeat(100));
    }

    @Test
    void aRotatedFileToWhichSomebodyStillWritesIsReadOn() throws Exception {
        Path log = dir.resolve("app.log");
        append(log, "1\n");
        Agent agent = open(sink, JobPipeline.withoutTraces());
        until(() -> sink.lines().equals(List.of("1")));
        agent.close();
        Path rotated = Files.move(log, sibling(log, ".1"));
        Files.setLastModifiedTime(rotated, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        try (Agent again = open(sink, JobPipeline.withoutTraces())) {
            assertThat(again.problems()).isEmpty();
            append(rotated, "2\n");
            until(() -> sink.lines().equals(List.of("1", "2")));
        }
    }

    /** Of a file that no agent has seen there are only rotated ones. */
    @Test
    void whatCameAndWasRotatedWhileNobodyLookedIsRead() throws Exception {
        Path log = dir.resolve("app.log");
        append(dir.resolve("other.log"), "0\n");
        Agent agent = open(sink, JobPipeline.withoutTraces());
        until(() -> sink.lines().size() == 1);
        agent.kill();
        append(sibling(log, ".1"), "1\n");
        try (Agent again = open(sink, JobPipeline.withoutTraces())) {
            until(() -> sink.lines().size() == 2);
            append(dir.resolve("late.log.1"), "2\n"); // and now, so quickly that it is never seen under its first name
            append(dir.resolve("late.log"), "3\n");
            until(() -> sink.lines().size() == 4);
            assertThat(again.problems()).isEmpty();
        }
        assertThat(sink.lines()).containsExactlyInAnyOrder("0", "1", "2", "3");
    }

    static LongStream seeds() {
        return LongStream.range(FIRST_SEED, FIRST_SEED + SEEDS);
    }

    /** Files grow, rotate in every way, also twice between two looks; agents are killed, stopped, absent; answers are lost. Every line arrives once. */
    @ParameterizedTest
    @MethodSource("seeds")
    void everyLineOnceThroughRotationsTruncationsAndKills(long seed) throws Exception {
        Random random = new Random(seed);
        RecordingSink flaky = new RecordingSink(new Random(seed)).failing(20);
        JobPipeline pipeline =
                seed % 3 == 0 ? JobPipeline.PLAIN : seed % 3 == 1 ? JobPipeline.withoutTraces() : withStage();
        List<String> written = new ArrayList<>();
        List<String> done = new ArrayList<>();
        int generation = 0;
        Agent agent = open(flaky, pipeline);
        boolean running = true;
        for (int step = 0; step < 80; step++) {
            boolean truncates = random.nextBoolean();
            Path log = dir.resolve((truncates ? "truncated" : "renamed") + random.nextInt(2) + ".log");
            switch (random.nextInt(9)) {
                case 0, 1 -> {
                    if (running && random.nextBoolean()) {
                        agent.kill();
                    } else if (running) {
                        agent.close();
                    } else {
                        agent = open(flaky, pipeline);
                    }
                    running = !running;
                    done.add(step + " " + (running ? "started" : "ended"));
                }
                case 2, 3 -> {
                    if (Files.exists(log) && Files.size(log) > 0) {
                        Path to = sibling(log, "." + ++generation);
                        done.add(step + " " + log.getFileName() + " to " + generation);
                        if (truncates) {
                            copyAndTruncate(log, to);
                        } else {
                            Files.move(log, to);
                        }
                        if (random.nextInt(3) == 0) {
                            compress(to);
                            done.add("compressed");
                        }
                    }
                }
                default -> {
                    StringBuilder text = new StringBuilder();
                    for (int i = random.nextInt(100); i >= 0; i--) {
                        String line = "step " + step + " line " + i;
                        written.add(line);
                        text.append(line).append('\n');
                    }
                    append(log, text.toString());
                    done.add(step + " " + log.getFileName() + " grows by "
                            + text.chars().filter(c -> c == '\n').count());
                    if (random.nextBoolean()) {
                        Thread.sleep(random.nextInt(20)); // so that not everything happens between two looks
                    }
                }
            }
        }
        if (running) {
            agent.kill();
        }
        try (Agent last = open(flaky, pipeline)) {
            int had = -1;
            for (long end = 0; flaky.lines().size() < written.size(); Thread.sleep(5)) {
                int has = flaky.lines().size();
                if (has > had) {
                    had = has;
                    end = System.nanoTime() + Duration.ofSeconds(8).toNanos();
                } else if (System.nanoTime() > end) {
                    break; // nothing comes any more; what is missing is told below
                }
            }
            assertThat(last.problems().size()).isNotNegative();
        }
        List<String> missing = new ArrayList<>(written);
        Set<String> found = new HashSet<>();
        List<String> twice = flaky.lines().stream().filter(l -> !found.add(l)).toList();
        missing.removeIf(found::contains);
        assertThat(missing)
                .as(
                        "seed %d, missing; %s; %s",
                        seed,
                        done,
                        found.stream().filter(l -> !written.contains(l)).toList())
                .isEmpty();
        assertThat(flaky.lines()).as("seed %d, twice %s; %s", seed, twice, done).hasSize(written.size());
    }
}
