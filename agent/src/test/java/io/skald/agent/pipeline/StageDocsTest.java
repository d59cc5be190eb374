/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples of the documentation's table of stages do what it says, and every stage has one. */
class StageDocsTest {
    @Test
    void examplesAreTrue() throws Exception {
        List<String> documented = new ArrayList<>();
        for (String row : Files.readAllLines(Path.of("../docs/agent.md"))) {
            String[] cells = row.split(" ?\\| ?", -1);
            if (cells.length != 7 || !cells[3].startsWith("`- ")) {
                continue;
            }
            documented.add(cells[1].replace("`", ""));
            String yaml = cells[3].replace("`", "").replace("<br>", "\n");
            String line = cells[4].substring(1, cells[4].length() - 1);
            List<String> expected =
                    cells[5].equals("–") ? List.of() : List.of(cells[5].substring(1, cells[5].length() - 1));
            assertThat(StageRun.run(yaml, List.of(line))).as(row).isEqualTo(expected);
        }
        documented.add("geoip"); // needs a file, and has tests of its own
        assertThat(documented).containsExactlyInAnyOrderElementsOf(StageReader.NAMES);
    }
}
