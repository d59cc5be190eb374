/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.AgentSettings;
import io.skald.agent.discover.Discovery;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.pipeline.StageReader;
import io.skald.agent.push.ClientSettings;
import io.skald.agent.receive.SourceSettings;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the file of an agent says.
 *
 * @param host where its own HTTP server listens
 * @param port 0 takes a free one; -1 for no server
 * @param logLevel of the agent's own log, or null
 * @param clients where everything is sent to
 * @param settings how it is kept
 * @param legacyPositions Promtail's own file of positions, read once by an agent that has none itself; or null
 * @param jobs what is collected
 * @param notes keys that have no effect, and why, with their places
 */
public record AgentFile(
        String host,
        int port,
        @Nullable String logLevel,
        List<ClientSettings> clients,
        AgentSettings settings,
        @Nullable Path legacyPositions,
        List<ScrapeJob> jobs,
        List<String> notes) {
    public AgentFile {
        clients = List.copyOf(clients);
        jobs = List.copyOf(jobs);
        notes = List.copyOf(notes);
    }

    /** Where Promtail's configurations keep positions if they do not say. */
    private static final String DEFAULT_POSITIONS = "/var/log/positions.yaml";

    /**
     * Reads a file.
     *
     * @param expand whether {@code ${NAME}} is put in from the environment
     * @param registry takes the metrics of stages
     * @throws ConfigException if something in it is wrong or not supported; every problem is told
     */
    public static AgentFile load(Path file, boolean expand, CollectorRegistry registry)
            throws ConfigException, IOException {
        return parse(file.toString(), Files.readString(file), expand ? System.getenv() : null, registry);
    }

    /** The same of a text. @param environment null leaves {@code ${NAME}} as it is */
    public static AgentFile parse(
            String name, String yaml, @Nullable Map<String, String> environment, CollectorRegistry registry)
            throws ConfigException {
        Problems problems = new Problems(name);
        String text = environment == null ? yaml : YamlFile.expand(yaml, environment);
        Section root = new Section(problems, "", YamlFile.root(name, text, problems));
        AgentFile file = new Reader(root, problems, registry).read();
        problems.check();
        return file;
    }

    /**
     * The same with standard input for a source in place of all others: with the stages and the labels of the first job, or without any where there is
     * no job.
     *
     * @param host the label {@code hostname} where there is no job
     */
    public AgentFile ofStandardInput(String host) {
        Labels.Builder labels = new Labels.Builder();
        if (jobs.isEmpty()) {
            labels.set("job", "stdin").set("hostname", host);
        } else if (jobs.getFirst().discoveries().stream()
                        .filter(Discovery.Fixed.class::isInstance)
                        .findFirst()
                        .orElse(null)
                instanceof Discovery.Fixed fixed) {
            fixed.all().getFirst().forEach((name, value) -> {
                if (!name.startsWith("__")) {
                    labels.set(name, value);
                }
            });
        }
        String name = jobs.isEmpty() ? "stdin" : jobs.getFirst().name();
        JobPipeline pipeline =
                jobs.isEmpty() ? JobPipeline.PLAIN : jobs.getFirst().pipeline();
        ScrapeJob job = new ScrapeJob(
                name, pipeline, List.of(), List.of(), List.of(new SourceSettings.Stdin(labels.build())), false, false);
        return new AgentFile(this.host, port, logLevel, clients, settings, legacyPositions, List.of(job), notes);
    }

    /** Reads the root. */
    private static final class Reader {
        private final Section root;
        private final Problems problems;
        private final StageReader stages;

        Reader(Section root, Problems problems, CollectorRegistry registry) {
            this.root = root;
            this.problems = problems;
            this.stages = new StageReader(registry, RandomGenerator.getDefault());
        }

        AgentFile read() {
            Section server = root.section("server");
            boolean off = server.bool("disable", false);
            String host = ServerReader.host(server);
            int own = ServerReader.port(server);
            int port = off ? -1 : own;
            String level = server.textOrNull("log_level");
            ServerReader.rest(server);
            server.end();
            List<ClientSettings> clients = clients();
            Path legacy = positions();
            AgentSettings settings = settings(legacy);
            List<ScrapeJob> jobs = jobs();
            limits();
            targetConfig();
            others();
            root.end();
            return new AgentFile(host, port, level, clients, settings, legacy, jobs, problems.notes());
        }

        private List<ClientSettings> clients() {
            List<Section> sections = new ArrayList<>(root.sections("clients"));
            if (root.has("client")) {
                sections.add(root.section("client"));
            }
            List<ClientSettings> out = new ArrayList<>();
            Set<String> names = new HashSet<>();
            for (Section s : sections) {
                ClientSettings c = ClientReader.read(s);
                if (c != null && !names.add(c.name())) {
                    s.problem("two clients have the name " + c.name());
                } else if (c != null) {
                    out.add(c);
                }
                s.end();
            }
            if (sections.isEmpty()) {
                root.problem("clients: at least one is required");
            }
            return out;
        }

        private Path positions() {
            Section p = root.section("positions");
            Path file = Path.of(p.text("filename", DEFAULT_POSITIONS));
            p.withoutEffect("positions are saved with what they are about", "sync_period", "ignore_invalid_yaml");
            p.end();
            return file;
        }

        private AgentSettings settings(Path legacy) {
            Path beside = legacy.resolveSibling("skald-agent");
            AgentSettings d = AgentSettings.of(Path.of(root.text("data_dir", beside.toString())));
            Section s = root.section("spool");
            long max = s.bytes("max_size", d.maxSpoolBytes());
            String full = s.text("when_full", "block");
            if (!full.equals("block") && !full.equals("drop")) {
                s.problem("when_full", "'" + full + "' is neither block nor drop");
            }
            long rejected = s.bytes("max_rejected_size", d.maxRejectedBytes());
            s.end();
            int batch = d.batchBytes();
            Duration wait = d.batchWait();
            List<Section> clients = new ArrayList<>(root.sections("clients"));
            if (root.has("client")) {
                clients.add(root.section("client"));
            }
            for (Section c : clients) {
                batch = Math.clamp(c.bytes("batchsize", batch), 1024, 4 << 20);
                wait = c.duration("batchwait", wait);
            }
            Section t = root.section("target_config");
            Duration scan = t.duration("sync_period", d.scanInterval());
            long jsonDepth = root.section("level_detection").number("max_json_depth", d.levelJsonDepth(), -1);
            try {
                return new AgentSettings(
                        d.dataDir(), batch, wait, max, full.equals("drop"), rejected, scan, (int) jsonDepth);
            } catch (IllegalArgumentException e) {
                root.problem(String.valueOf(e.getMessage()));
                return d;
            }
        }

        private void targetConfig() {
            Section t = root.section("target_config");
            t.known("sync_period");
            if (t.bool("stdin", false)) {
                t.problem("stdin", "is not supported: start with --stdin, or give a job the key 'stdin'");
            }
            t.end();
            Section l = root.section("level_detection");
            l.known("max_json_depth");
            l.end();
        }

        private void others() {
            Section options = root.section("options");
            options.withoutEffect("skald_agent_lag_seconds has no labels of streams", "stream_lag_labels");
            options.end();
            Section global = root.section("global");
            Section watch = global.section("file_watch_config");
            watch.withoutEffect(
                    "the system tells of changes, and target_config.sync_period is how often the agent looks itself",
                    "min_poll_frequency",
                    "max_poll_frequency");
            watch.end();
            global.end();
            Section wal = root.section("wal");
            wal.withoutEffect(
                    "there is always an outbox, its keys are 'data_dir' and 'spool'",
                    "enabled",
                    "dir",
                    "cleaner",
                    "max_segment_age",
                    "watch_config");
            wal.end();
            tracing();
        }

        /** Promtail's chart says that it is off. */
        private void tracing() {
            Section t = root.section("tracing");
            if (t.bool("enabled", false)) {
                t.problem("enabled", "is not supported by this agent");
            }
            t.withoutEffect("there is no tracing", "profiling_enabled");
            t.end();
        }

        private void limits() {
            Section l = root.section("limits_config");
            if (l.bool("readline_rate_enabled", false)) {
                l.problem("readline_rate_enabled", "is not supported: use the stage 'limit'");
            }
            l.withoutEffect(
                    "readline_rate_enabled is not set", "readline_rate", "readline_burst", "readline_rate_drop");
            if (l.number("max_streams", 0, 0) > 0) {
                l.problem("max_streams", "is not supported by this agent");
            }
            if (l.bytes("max_line_size", 0) > 0) {
                l.problem("max_line_size", "is not supported: use the stage 'drop' with longer_than");
            }
            l.withoutEffect("max_line_size is not set", "max_line_size_truncate");
            l.end();
        }

        private List<ScrapeJob> jobs() {
            List<ScrapeJob> out = new ArrayList<>();
            Map<String, Integer> names = new HashMap<>();
            ScrapeReader reader = new ScrapeReader(stages);
            for (Section s : root.sections("scrape_configs")) {
                ScrapeJob job = reader.read(s);
                s.end();
                if (names.merge(job.name(), 1, Integer::sum) > 1) {
                    s.problem("job_name", "'" + job.name() + "' is given twice");
                }
                out.add(job);
            }
            return out;
        }
    }

    /** A URL, or null if it is none. */
    static @Nullable URI uri(String text) {
        try {
            URI u = URI.create(text);
            return u.getHost() == null ? null : u;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
