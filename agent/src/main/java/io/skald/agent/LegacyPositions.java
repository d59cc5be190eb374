/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.agent.config.AgentFile;
import io.skald.agent.config.ScrapeJob;
import io.skald.agent.config.Section;
import io.skald.agent.config.YamlFile;
import io.skald.agent.receive.SourceSettings;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The positions that Promtail left behind: an agent that takes its place goes on where it was.
 *
 * @param offsets of files, by path
 * @param cursors of journals and containers, by the names that their sources here have
 */
record LegacyPositions(Map<String, Long> offsets, Map<String, String> cursors) {
    private static final System.Logger LOG = System.getLogger(LegacyPositions.class.getName());
    private static final String JOURNAL = "journal-";
    private static final String CURSOR = "cursor-";
    /** As many digits as every offset of a file has at most, and never too many for 64 bits. */
    private static final int MOST_DIGITS = 18;

    LegacyPositions {
        offsets = Map.copyOf(offsets);
        cursors = Map.copyOf(cursors);
    }

    /** Those of a configuration's file; none if there is no file, or the agent has positions of its own. */
    static LegacyPositions read(AgentFile config) throws IOException {
        Path file = config.legacyPositions();
        Path own = config.settings().dataDir().resolve("positions");
        if (file == null || !Files.isRegularFile(file) || Files.exists(own)) {
            return new LegacyPositions(Map.of(), Map.of());
        }
        LegacyPositions all =
                parse(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8), config.jobs());
        LOG.log(
                System.Logger.Level.INFO,
                () -> "takes over the positions of " + all.offsets.size() + " files and " + all.cursors.size()
                        + " other sources from " + file);
        return all;
    }

    /** Those of a file's text; what in it is no position is left out, and all of it if it is not YAML. */
    static LegacyPositions parse(String file, String text, List<ScrapeJob> jobs) {
        Map<String, Long> offsets = new HashMap<>();
        Map<String, String> cursors = new HashMap<>();
        try {
            Section s = YamlFile.section(file, text);
            Map<String, String> positions = s.map("positions");
            positions.forEach((key, value) -> {
                boolean number = number(value);
                if (key.startsWith("/") && number) {
                    offsets.put(key, Long.parseLong(value));
                } else if (key.startsWith(JOURNAL) && !number) {
                    cursors.put("journal/" + key.substring(JOURNAL.length()), value);
                } else if (key.startsWith(CURSOR) && !number) {
                    cursors.putIfAbsent("journal/" + key.substring(CURSOR.length()), value);
                } else if (key.startsWith(CURSOR)) {
                    // seconds, and which job a container is of is not said
                    jobs.stream()
                            .filter(j -> j.sources().stream().anyMatch(SourceSettings.Docker.class::isInstance))
                            .forEach(j ->
                                    cursors.put("docker/" + j.name() + "/" + key.substring(CURSOR.length()), value));
                }
            });
            s.check();
        } catch (ConfigException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "some positions are not taken over: " + e.getMessage());
        }
        return new LegacyPositions(offsets, cursors);
    }

    private static boolean number(String s) {
        return !s.isEmpty() && s.length() <= MOST_DIGITS && s.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
