/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import io.skald.agent.config.ScrapeJob;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.InProcess;
import io.skald.agent.receive.ReceiveMetrics;
import io.skald.agent.receive.Source;
import io.skald.agent.receive.Sources;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/** An agent with the sources and discoveries of a configuration, whose entries end in memory. */
public final class AgentRig implements AutoCloseable {
    private final Path dir;
    private final String scrape;
    private final RecordingSink sink = new RecordingSink(new Random(1));
    private CollectorRegistry registry = new CollectorRegistry();
    private final List<Source> sources = new ArrayList<>();
    private Agent agent;
    private TargetSet targets;

    /**
     * Starts.
     *
     * @param dir for the agent's state
     * @param scrape what is to be below {@code scrape_configs}
     */
    public AgentRig(Path dir, String scrape) throws IOException, ConfigException {
        this.dir = dir;
        this.scrape = scrape;
        open();
    }

    private void open() throws IOException, ConfigException {
        registry = new CollectorRegistry();
        String yaml = "clients: [{url: 'http://nowhere:1'}]\npositions: {filename: " + dir.resolve("positions.yaml")
                + "}\nscrape_configs:\n" + scrape;
        AgentFile file = AgentFile.parse("test.yaml", yaml, null, registry);
        targets = new TargetSet(file.jobs(), "node-a");
        AgentSettings settings = new AgentSettings(
                dir.resolve("agent"),
                1 << 16,
                Duration.ofMillis(20),
                1 << 24,
                false,
                1 << 20,
                Duration.ofSeconds(10),
                2);
        Agent.Destination d = new Agent.Destination(
                "test",
                (name, epoch) -> new InProcess(sink),
                new Backoff(Duration.ofMillis(10), Duration.ofMillis(100)));
        agent = Agent.open(settings, List.of(d), targets, InstantSource.system(), registry);
        targets.start(agent::targetsChanged);
        agent.targetsChanged();
        ReceiveMetrics received = new ReceiveMetrics(registry);
        for (ScrapeJob j : file.jobs()) {
            for (Source s : Sources.of(j, agent, received)) {
                s.start();
                sources.add(s);
            }
        }
    }

    /** What was pushed. */
    public RecordingSink sink() {
        return sink;
    }

    /** The sources that are no files. */
    public List<Source> sources() {
        return sources;
    }

    /** The value of a metric without labels, 0 if there is none. */
    public double metric(String name) {
        return metric(name, new String[0], new String[0]);
    }

    /** The value of a metric, 0 if there is none. */
    public double metric(String name, String[] labels, String[] values) {
        Double v = registry.getSampleValue(name, labels, values);
        return v == null ? 0 : v;
    }

    /** Waits until there are so many different entries. */
    public List<RecordingSink.Stored> await(int entries) throws InterruptedException {
        until(() -> sink.stored().size() >= entries, () -> "entries: " + sink.stored());
        assertThat(sink.stored()).hasSize(entries);
        return sink.stored();
    }

    /** Waits for a condition. */
    public static void until(BooleanSupplier condition, java.util.function.Supplier<String> what)
            throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(5); // polls with a deadline
        }
    }

    /** Ends as a killed process does, and starts again. */
    public void killAndStart() throws IOException, ConfigException {
        agent.kill();
        stop();
        open();
    }

    private void stop() throws IOException {
        sources.forEach(Source::close);
        sources.clear();
        agent.close();
        targets.close();
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
