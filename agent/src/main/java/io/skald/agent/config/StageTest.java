/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.pipeline.StageReader;
import io.skald.agent.pipeline.StageTrace;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Labels;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Shows what stages do with lines, one stage after the other. Confined to one thread. */
public final class StageTest {
    private final StageTrace trace;

    private StageTest(StageTrace trace) {
        this.trace = trace;
    }

    /**
     * Reads a file that is a configuration, or a list of stages.
     *
     * @param job which of its jobs; null takes the first
     * @param labels that lines come with, as {@code name=value}
     */
    public static StageTest parse(String name, String yaml, @Nullable String job, String[] labels)
            throws ConfigException {
        Problems problems = new Problems(name);
        StageReader reader = new StageReader(new CollectorRegistry(), RandomGenerator.getDefault());
        Node node = YamlFile.root(name, yaml, problems);
        List<StageReader.Named> stages;
        if (node instanceof SequenceNode) {
            stages = reader.named(Section.ofList(problems, "pipeline_stages", node), "pipeline_stages");
        } else {
            Section of = job(new Section(problems, "", node), job);
            stages = reader.named(of, "pipeline_stages");
        }
        problems.check();
        Labels.Builder b = new Labels.Builder();
        for (String l : labels) {
            int eq = l.indexOf('=');
            b.set(eq < 0 ? l : l.substring(0, eq), eq < 0 ? "" : l.substring(eq + 1));
        }
        return new StageTest(new StageTrace(stages, b.build()));
    }

    private static Section job(Section root, @Nullable String job) {
        if (root.has("pipeline_stages")) {
            return root;
        }
        for (Section s : root.sections("scrape_configs")) {
            if (job == null || job.equals(s.text("job_name", ""))) {
                return s;
            }
        }
        root.problem(job == null ? "there is neither pipeline_stages nor a job" : "there is no job '" + job + "'");
        return root;
    }

    /** What happens to a line, as text for people. */
    public String run(String line) {
        return trace.run(line);
    }

    /** What happens to lines that were kept back. */
    public String end() {
        return trace.end();
    }
}
