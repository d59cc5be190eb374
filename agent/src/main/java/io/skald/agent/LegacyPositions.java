/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.agent.config.AgentFile;
import io.skald.agent.config.Section;
import io.skald.agent.config.YamlFile;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The positions that Promtail left behind: an agent that takes its place goes on where it was. */
final class LegacyPositions {
    private static final System.Logger LOG = System.getLogger(LegacyPositions.class.getName());

    private LegacyPositions() {}

    /** Offsets by path; empty if there are none, or the agent has positions of its own. */
    static Map<String, Long> read(AgentFile config) throws IOException {
        Path file = config.legacyPositions();
        Path own = config.settings().dataDir().resolve("positions");
        if (file == null || !Files.isRegularFile(file) || Files.exists(own)) {
            return Map.of();
        }
        Map<String, Long> offsets = new HashMap<>();
        try {
            Section s = YamlFile.section(file.toString(), Files.readString(file));
            s.map("positions").forEach((path, offset) -> {
                if (path.startsWith("/") && offset.chars().allMatch(Character::isDigit) && !offset.isEmpty()) {
                    offsets.put(path, Long.parseLong(offset));
                }
            });
        } catch (ConfigException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "positions are not taken over: " + e.getMessage());
        }
        LOG.log(
                System.Logger.Level.INFO,
                () -> "takes over the positions of " + offsets.size() + " files from " + file);
        return offsets;
    }
}
