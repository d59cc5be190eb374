/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@code limit} that lets a source wait holds up nobody else, keeps no lines in memory, and loses none. */
@Timeout(60)
class LimitPauseTest {
    private static final int RATE = 200;
    private static final int SLOW_LINES = 240;
    private static final int FAST_LINES = 50_000;

    @TempDir
    private Path dir;

    private static List<String> lines(String name, int n) {
        return IntStream.range(0, n).mapToObj(i -> name + " line " + i).toList();
    }

    private static List<String> of(AgentRig rig, String name) {
        return rig.sink().lines().stream().filter(l -> l.startsWith(name)).collect(Collectors.toList());
    }

    @Test
    void onlyTheLimitedJobWaits() throws Exception {
        Path logs = Files.createDirectories(dir.resolve("logs"));
        // both before the agent starts, and two files of the limited job, which share its rate
        Files.write(logs.resolve("slow1.log"), lines("slow1", SLOW_LINES / 2));
        Files.write(logs.resolve("slow2.log"), lines("slow2", SLOW_LINES / 2));
        Files.write(logs.resolve("fast.log"), lines("fast", FAST_LINES));
        long start = System.nanoTime();
        try (AgentRig rig = new AgentRig(dir, """
                - job_name: slow
                  pipeline_stages: [{limit: {rate: %d, burst: 10}}]
                  static_configs: [{labels: {__path__: '%s/slow*.log'}}]
                - job_name: fast
                  static_configs: [{labels: {__path__: '%s/fast.log'}}]
                """.formatted(RATE, logs, logs))) {
            AgentRig.until(() -> of(rig, "fast").size() == FAST_LINES, () -> "lines of the job without a limit");
            int read = (int) rig.metric("skald_agent_read_lines_total") - FAST_LINES;
            double seconds = (System.nanoTime() - start) / 1e9;
            // what waits is not read yet: the burst, the rate, and a tenth of a second in advance
            assertThat((double) read).isLessThanOrEqualTo(10 + RATE * (seconds + 0.1) + 1);

            AgentRig.until(() -> of(rig, "slow").size() == SLOW_LINES, () -> "limited: " + of(rig, "slow"));
            seconds = (System.nanoTime() - start) / 1e9;
            assertThat((double) SLOW_LINES).isLessThanOrEqualTo(10 + RATE * (seconds + 0.1) + 1);
            assertThat(of(rig, "slow1")).isEqualTo(lines("slow1", SLOW_LINES / 2));
            assertThat(of(rig, "slow2")).isEqualTo(lines("slow2", SLOW_LINES / 2));
            assertThat(of(rig, "fast")).isEqualTo(lines("fast", FAST_LINES));
        }
    }

    /** What was not read before a kill is read after it, at the rate. */
    @Test
    void nothingIsLostByAKillWhileAFileWaits() throws Exception {
        Path logs = Files.createDirectories(dir.resolve("logs"));
        Files.write(logs.resolve("slow.log"), lines("slow", 120));
        try (AgentRig rig = new AgentRig(dir, """
                - job_name: slow
                  pipeline_stages: [{limit: {rate: 100, burst: 20}}]
                  static_configs: [{labels: {__path__: '%s/slow.log'}}]
                """.formatted(logs))) {
            AgentRig.until(() -> of(rig, "slow").size() >= 20, () -> "limited: " + of(rig, "slow"));
            assertThat(of(rig, "slow")).hasSizeLessThan(120);
            rig.killAndStart();
            AgentRig.until(() -> of(rig, "slow").size() == 120, () -> "limited: " + of(rig, "slow"));
            assertThat(of(rig, "slow")).isEqualTo(lines("slow", 120));
        }
    }
}
