/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent takes over of Promtail's positions. */
class LegacyPositionsTest {
    private static AgentFile config(Path file) throws Exception {
        return AgentFile.parse("test.yaml", """
                clients: [{url: 'http://nowhere:1'}]
                positions: {filename: %s}
                scrape_configs:
                  - job_name: sys
                    journal: {}
                  - job_name: boxes
                    docker_sd_configs: [{host: 'unix:///var/run/docker.sock'}]
                """.formatted(file), null, new CollectorRegistry());
    }

    @Test
    void offsetsOfFilesAndCursorsOfJournalsAndContainers(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("positions.yaml");
        Files.writeString(file, """
                positions:
                  /var/log/a.log: "123"
                  '/var/log/b c.log': 0
                  /var/log/*.log: ""
                  /var/log/odd: "99999999999999999999999"
                  /var/log/arabic: "\u0661\u0662"
                  /var/log/list: [1]
                  journal-sys: s=0639;i=42
                  cursor-other: s=1
                  cursor-0a1b: "1767323045"
                  relative: "5"
                """);
        LegacyPositions p = LegacyPositions.read(config(file));
        assertThat(p.offsets()).isEqualTo(Map.of("/var/log/a.log", 123L, "/var/log/b c.log", 0L));
        assertThat(p.cursors())
                .isEqualTo(Map.of(
                        "journal/sys", "s=0639;i=42", "journal/other", "s=1", "docker/boxes/0a1b", "1767323045"));
    }

    @Test
    void damageIsNoReasonNotToStart(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("positions.yaml");
        for (String damaged : new String[] {"", "positions: [", "positions: 5", "\ufeff\u0001", "- a"}) {
            Files.writeString(file, damaged);
            assertThat(LegacyPositions.read(config(file)).offsets()).as(damaged).isEmpty();
        }
        Files.write(file, "positions:\n  /a/\u00e9: \"7\"\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(LegacyPositions.read(config(file)).offsets()).hasSize(1);
    }
}
