/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import io.skald.agent.spool.FileState.Format;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs lines through stages, as the agent reads them from a file. */
final class StageRun {
    /** When the first line is read; each is read a second after the one before. */
    static final Instant READ = Instant.parse("2026-01-02T00:00:00Z");

    private final CollectorRegistry registry = new CollectorRegistry();
    private final List<String> out = new ArrayList<>();
    private final Pipeline pipeline;
    private final Labels labels;
    private int lines;

    private StageRun(String yaml, Labels labels) throws ConfigException {
        String config = """
                clients: [{url: http://localhost:1}]
                scrape_configs:
                  - job_name: j
                    stack_traces: false
                    pipeline_stages:
                """ + yaml.indent(6);
        AgentFile file = AgentFile.parse("agent.yaml", config, null, registry);
        this.pipeline = file.jobs().getFirst().pipeline().open(Format.PLAIN, this::out);
        this.labels = labels;
    }

    /** Stages for lines with the label {@code a="b"}. */
    static StageRun of(String yaml) throws ConfigException {
        return new StageRun(yaml, Labels.of("a", "b"));
    }

    static StageRun of(String yaml, Map<String, String> labels) throws ConfigException {
        return new StageRun(yaml, Labels.of(labels));
    }

    /** What becomes of lines, line feeds in them as {@code ⏎}, and before each its time if it is not that of reading. */
    static List<String> run(String yaml, List<String> lines) throws ConfigException {
        StageRun r = of(yaml);
        lines.forEach(r::line);
        return r.end();
    }

    void line(String line) {
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        pipeline.process(new LogEntry(labels, Labels.EMPTY, lines, readNanos(), b, 0, b.length));
        lines++;
    }

    long pauseNanos() {
        return pipeline.pauseNanos();
    }

    private long readNanos() {
        return (READ.getEpochSecond() + lines) * 1_000_000_000;
    }

    /** What has come out, and what was kept back. */
    List<String> end() {
        pipeline.flush(Long.MAX_VALUE, true);
        List<String> all = List.copyOf(out);
        out.clear();
        return all;
    }

    private void out(LogEntry e) {
        String time = "";
        if (e.timeKnown() && e.timeNanos() != e.readNanos()) {
            time = Instant.ofEpochSecond(
                            Math.floorDiv(e.timeNanos(), 1_000_000_000L), Math.floorMod(e.timeNanos(), 1_000_000_000L))
                    + " ";
        }
        out.add(time + e.labels()
                + (e.metadata().isEmpty() ? "" : " metadata " + e.metadata())
                + (e.tenant() == null ? "" : " tenant " + e.tenant())
                + " " + e.text().replace("\n", "⏎"));
    }

    /** A metric's value, or null. */
    @Nullable
    Double metric(String name, String... namesAndValues) {
        String[] names = new String[namesAndValues.length / 2];
        String[] values = new String[names.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = namesAndValues[2 * i];
            values[i] = namesAndValues[2 * i + 1];
        }
        return registry.getSampleValue(name, names, values);
    }

    CollectorRegistry registry() {
        return registry;
    }
}
