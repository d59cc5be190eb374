/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the pages show of the agent's configuration passes {@code skald agent check}: whole files, lists of jobs, and lists of stages. */
class AgentConfigsTest {
    private static final Pattern YAML = Pattern.compile("(?ms)^```yaml\\n(.*?)^```");
    private static final String HEAD = "clients: [{url: 'http://skald:3100'}]\n";

    @Test
    void examplesAreRight() throws Exception {
        List<String> checked = new ArrayList<>();
        for (Path page : Pages.all()) {
            List<MatchResult> blocks =
                    YAML.matcher(Files.readString(page)).results().toList();
            for (MatchResult block : blocks) {
                String yaml = block.group(1);
                String whole = whole(page, yaml);
                if (!whole.isEmpty()) {
                    // the file of a stage geoip is looked at, and is not here
                    String text = whole.replaceAll("(?m)^ *- geoip:.*\n", "");
                    assertThatCode(() -> AgentFile.parse(page.toString(), text, Map.of(), new CollectorRegistry()))
                            .as(page + ":\n" + yaml)
                            .doesNotThrowAnyException();
                    checked.add(yaml.lines().findFirst().orElse(""));
                }
            }
        }
        assertThat(checked).hasSizeGreaterThanOrEqualTo(4);
    }

    private static String whole(Path page, String yaml) {
        if (yaml.contains("clients:") && (yaml.contains("scrape_configs:") || yaml.contains("positions:"))) {
            return yaml;
        }
        if (!page.getFileName().toString().matches("agent\\.md|migrating-from-promtail\\.md")) {
            return "";
        }
        if (yaml.startsWith("- job_name:")) {
            return HEAD + "scrape_configs:\n" + yaml;
        }
        return yaml.startsWith("- ")
                ? HEAD + "scrape_configs:\n  - job_name: j\n    pipeline_stages:\n" + yaml.indent(6)
                : HEAD + yaml;
    }
}
