/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.skald.core.config.SkaldConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files for single machines: systemd takes the unit, and what they name is there. */
class MachineFilesTest {
    private static final Path SYSTEMD = Pages.ROOT.resolve("deploy/systemd");
    private static final Path COMPOSE = Pages.ROOT.resolve("deploy/compose");

    @TempDir
    private Path dir;

    @Test
    void systemdTakesTheUnit() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "systemd-analyze is not installed");
        String unit = Files.readString(SYSTEMD.resolve("skald.service"));
        Path copy = Files.writeString(
                dir.resolve("skald.service"), unit.replace("ExecStart=/opt/skald/skald ", "ExecStart=/bin/true "));
        Process p = new ProcessBuilder("/usr/bin/systemd-analyze", "verify", copy.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(said).isZero();
        assertThat(said.lines().filter(l -> l.contains("skald.service"))).isEmpty();
    }

    @Test
    void theUnitMayWriteWhereTheDataAre() throws Exception {
        String unit = Files.readString(SYSTEMD.resolve("skald.service"));
        assertThat(unit).contains("\nExecStart=/opt/skald/skald run --config /etc/skald/skald.yaml\n");
        Matcher state = Pattern.compile("(?m)^StateDirectory=(.+)$").matcher(unit);
        assertThat(state.find()).isTrue();
        SkaldConfig config = SkaldConfig.parse(Files.readString(SYSTEMD.resolve("skald.yaml")), "skald.yaml");
        assertThat(config.dataDir()).isEqualTo(Path.of("/var/lib", state.group(1)));
    }

    @Test
    void theComposeFileNamesWhatIsThere() throws Exception {
        Map<?, ?> compose = yaml(COMPOSE.resolve("compose.yaml"));
        Map<?, ?> services = (Map<?, ?>) compose.get("services");
        Matcher version = Pattern.compile("<artifactId>skald-parent</artifactId>\\s*<version>([^<]+)<")
                .matcher(Files.readString(Pages.ROOT.resolve("pom.xml")));
        assertThat(version.find()).isTrue();
        Map<?, ?> skald = (Map<?, ?>) services.get("skald");
        assertThat(skald.get("image")).isEqualTo("skald:" + version.group(1).toLowerCase(Locale.ROOT));
        for (Object service : services.values()) {
            for (Object v : (List<?>) ((Map<?, ?>) service).get("volumes")) {
                String from = v.toString().split(":", 2)[0];
                if (from.startsWith("./")) {
                    assertThat(COMPOSE.resolve(from)).exists();
                } else {
                    assertThat(((Map<?, ?>) compose.get("volumes")).containsKey(from))
                            .as(from)
                            .isTrue();
                }
            }
        }
        Map<?, ?> source = (Map<?, ?>)
                ((List<?>) yaml(COMPOSE.resolve("grafana-datasource.yaml")).get("datasources")).getFirst();
        assertThat(source.get("url")).isEqualTo("http://skald:3100");
        assertThat(((List<?>) skald.get("ports")).getFirst().toString()).endsWith(":3100");
    }

    private static Map<?, ?> yaml(Path file) throws Exception {
        return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    }
}
