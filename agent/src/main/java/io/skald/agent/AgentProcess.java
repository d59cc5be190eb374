/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Gauge;
import io.prometheus.client.GaugeMetricFamily;
import io.skald.agent.config.AgentFile;
import io.skald.agent.config.ScrapeJob;
import io.skald.agent.discover.Discovery;
import io.skald.agent.push.ClientSettings;
import io.skald.agent.push.HttpTransport;
import io.skald.agent.receive.ReceiveMetrics;
import io.skald.agent.receive.Source;
import io.skald.agent.receive.SourceStatus;
import io.skald.agent.receive.SourceStatus.State;
import io.skald.agent.receive.Sources;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code skald agent} is: an agent with all sources of a configuration file, which is read again when it changes. A file that is wrong leaves
 * everything as it was. Thread-safe.
 */
public final class AgentProcess implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AgentProcess.class.getName());
    private static final long WATCH_MILLIS = 5000;

    private final Path file;
    private final boolean expand;
    private final boolean stdin;
    private final Gauge reloaded = Gauge.build(
                    "skald_agent_config_last_reload_successful",
                    "1 if the configuration that was read last is in force.")
            .create();
    private final Thread watch = Thread.ofVirtual().name("skald-agent-config").unstarted(this::watch);
    private final SmallHeap heap = new SmallHeap();
    private String text;
    private Running running;
    private boolean closed;

    /** An agent with what belongs to it. */
    private record Running(
            AgentFile config, Agent agent, TargetSet targets, List<Source> sources, CollectorRegistry registry) {
        void close() throws IOException {
            sources.forEach(Source::close);
            agent.close();
            targets.close();
        }
    }

    private AgentProcess(Path file, boolean expand, boolean stdin, String text, Running running) {
        this.file = file;
        this.expand = expand;
        this.stdin = stdin;
        this.text = text;
        this.running = running;
        reloaded.set(1);
    }

    /**
     * Starts.
     *
     * @param expand whether {@code ${NAME}} in the file is put in from the environment
     * @param stdin whether standard input takes the place of all sources, as {@link AgentFile#ofStandardInput} has it
     * @throws ConfigException if the file is wrong
     * @throws IOException if something cannot be opened; the message says what
     */
    public static AgentProcess start(Path file, boolean expand, boolean stdin) throws ConfigException, IOException {
        String text = Files.readString(file);
        CollectorRegistry registry = new CollectorRegistry();
        AgentFile config = parse(file, text, expand, stdin, registry);
        AgentProcess p = new AgentProcess(file, expand, stdin, text, run(config, registry));
        p.watch.start();
        p.heap.start();
        return p;
    }

    private static AgentFile parse(Path file, String text, boolean expand, boolean stdin, CollectorRegistry registry)
            throws ConfigException {
        AgentFile config = AgentFile.parse(file.toString(), text, expand ? System.getenv() : null, registry);
        return stdin ? config.ofStandardInput(Hosts.name()) : config;
    }

    private static Running run(AgentFile config, CollectorRegistry registry) throws IOException {
        config.notes().forEach(n -> LOG.log(System.Logger.Level.INFO, n));
        List<Agent.Destination> destinations = new ArrayList<>();
        for (ClientSettings c : config.clients()) {
            destinations.add(
                    new Agent.Destination(c.name(), (agent, epoch) -> new HttpTransport(c, agent, epoch), c.backoff()));
        }
        TargetSet targets = new TargetSet(config.jobs(), Hosts.name());
        LegacyPositions legacy = LegacyPositions.read(config);
        Agent agent = Agent.open(
                config.settings(), destinations, targets, legacy.offsets(), InstantSource.system(), registry);
        agent.takeOver(legacy.cursors());
        List<Source> sources = new ArrayList<>();
        boolean started = false;
        try {
            targets.start(agent::targetsChanged);
            agent.targetsChanged();
            ReceiveMetrics received = new ReceiveMetrics(registry);
            for (ScrapeJob j : config.jobs()) {
                for (Source s : Sources.of(j, agent, received)) {
                    sources.add(s);
                    s.start();
                }
            }
            new AgentGauges(agent).register(registry);
            started = true;
            return new Running(config, agent, targets, sources, registry);
        } finally {
            if (!started) {
                new Running(config, agent, targets, sources, registry).close();
            }
        }
    }

    /** The configuration in force. */
    public synchronized AgentFile config() {
        return running.config;
    }

    /** The agent at present; another one after a reload. */
    public synchronized Agent agent() {
        return running.agent;
    }

    /** The file as it is in force. */
    public synchronized String text() {
        return text;
    }

    /** What keeps the agent from working as it should; empty if nothing does. */
    public synchronized List<String> problems() {
        List<String> all = new ArrayList<>(running.agent.problems());
        for (Source s : running.sources) {
            if (!s.problem().isEmpty()) {
                all.add(s.problem());
            }
        }
        return all;
    }

    /** How sources that are no files, and discoveries, do. */
    public synchronized List<SourceStatus> sources() {
        List<SourceStatus> all = new ArrayList<>();
        for (ScrapeJob j : running.config.jobs()) {
            for (Discovery d : j.discoveries()) {
                String problem = d.problem();
                if (!(d instanceof Discovery.Fixed)) {
                    State state = problem.isEmpty() ? State.RUNNING : State.FAILING;
                    String found = d.targets().size() + " targets";
                    all.add(new SourceStatus(j.name(), d.type(), found, state, problem, 0, 0, 0));
                }
            }
        }
        running.sources.forEach(s -> all.add(s.status()));
        return all;
    }

    private List<Collector.MetricFamilySamples> working() {
        GaugeMetricFamily working = new GaugeMetricFamily(
                "skald_agent_source_working",
                "1 if a source that is no file, or a discovery, works at present.",
                List.of("job", "type"));
        Map<List<String>, Boolean> all = new LinkedHashMap<>();
        sources().forEach(s -> all.merge(List.of(s.job(), s.type()), s.state() != State.FAILING, Boolean::logicalAnd));
        all.forEach((labels, works) -> working.addMetric(labels, works ? 1 : 0));
        return List.of(working);
    }

    /** Whether nothing more can come, as standard input was all there is and has ended, and everything has been acknowledged. */
    public synchronized boolean finished() {
        return !running.sources.isEmpty()
                && running.sources.stream().allMatch(Source::ended)
                && running.config.jobs().stream().allMatch(j -> j.discoveries().isEmpty())
                && running.agent.oldestUnacknowledgedMillis() == 0;
    }

    /** All metrics, those of the agent at present among them. */
    public Collector metrics() {
        return new Collector() {
            @Override
            public List<MetricFamilySamples> collect() {
                CollectorRegistry of;
                synchronized (AgentProcess.this) {
                    of = running.registry;
                }
                List<MetricFamilySamples> all = new ArrayList<>(Collections.list(of.metricFamilySamples()));
                all.addAll(reloaded.collect());
                all.addAll(working());
                return all;
            }
        };
    }

    /**
     * Reads the configuration again, and puts it in force if it is right.
     *
     * @throws ConfigException if it is not; everything is as before
     */
    public synchronized void reload() throws ConfigException, IOException {
        if (closed) {
            return;
        }
        String now = Files.readString(file);
        CollectorRegistry registry = new CollectorRegistry();
        AgentFile config;
        try {
            config = parse(file, now, expand, stdin, registry);
        } catch (ConfigException e) {
            reloaded.set(0);
            throw e;
        }
        AgentFile before = running.config;
        running.close();
        try {
            running = run(config, registry);
            text = now;
            reloaded.set(1);
            LOG.log(System.Logger.Level.INFO, () -> "the configuration of " + file + " is in force");
        } catch (IOException e) {
            reloaded.set(0);
            LOG.log(System.Logger.Level.ERROR, () -> "the new configuration does not start, the old one goes on: " + e);
            CollectorRegistry again = new CollectorRegistry();
            AgentFile old = parse(file, text, expand, stdin, again);
            if (!old.settings().dataDir().equals(before.settings().dataDir())) {
                throw new IllegalStateException("the old configuration reads differently");
            }
            running = run(old, again);
            throw e;
        }
    }

    private void watch() {
        String tried = null;
        try {
            while (true) {
                Thread.sleep(WATCH_MILLIS);
                String now = read();
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    if (now == null || now.equals(text) || now.equals(tried)) {
                        continue;
                    }
                }
                tried = now;
                try {
                    reload();
                } catch (ConfigException | IOException e) {
                    LOG.log(
                            System.Logger.Level.ERROR,
                            () -> "the changed configuration is not used, the old one goes on:\n" + e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    private @Nullable String read() {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return null; // it is being replaced, or gone: what was read goes on
        }
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        heap.close();
        synchronized (this) {
            if (!closed) {
                closed = true;
                running.close();
            }
        }
    }
}
