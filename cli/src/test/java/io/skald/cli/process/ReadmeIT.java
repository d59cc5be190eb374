/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the demo show is what one gets: the same commands, the same shape of output. */
class ReadmeIT {
    @Test
    void readmeAndDemoShowCommandsThatWork(@TempDir Path dir) throws Exception {
        List<String> readme = Files.readAllLines(Path.of("..", "README.md"));
        assertThat(readme).contains("./skald demo");
        try (SkaldProcess demo = SkaldProcess.start(
                dir,
                "demo",
                "--http",
                "127.0.0.1:0",
                "--data",
                dir.resolve("data").toString())) {
            String url = demo.awaitUrl();
            int at = 0;
            while (!readme.get(at).startsWith("$ ./skald ")) {
                at++;
            }
            List<String> shown = new ArrayList<>();
            for (int i = at + 1; !readme.get(i).equals("```"); i++) {
                shown.add(shape(readme.get(i)));
            }
            // the demo tells its queries after its address, when the history is stored
            while (!demo.out().contains("skald tail")) {
                Thread.sleep(50);
            }
            CommandRun run = CommandRun.of(arguments(readme.get(at).substring("$ ./skald ".length()), url));
            assertThat(run.lines().stream().map(ReadmeIT::shape)).as(run.err()).containsExactlyElementsOf(shown);

            List<String> queries = demo.out()
                    .lines()
                    .filter(l -> l.startsWith("  skald query "))
                    .toList();
            assertThat(queries).hasSizeGreaterThan(4);
            for (String q : queries) {
                CommandRun found = CommandRun.of(arguments(q.strip().substring("skald ".length()), url));
                assertThat(found.exitCode()).as(q + found.err()).isZero();
                assertThat(found.lines()).as(q).isNotEmpty();
            }
            assertThat(demo.stop()).isZero();
        }
    }

    /** Numbers become N, runs of blanks one, the zone is left out: what stays is the form. */
    private static String shape(String line) {
        return line.replaceAll("\\d+", "N")
                .replaceAll("N:N:N\\.N(Z|[+-]N:N)", "N:N:N.N")
                .replaceAll(" +", " ");
    }

    /** Splits as a shell does, for single quotes. */
    private static String[] arguments(String command, String url) {
        List<String> out = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        for (char c : (command + " ").toCharArray()) {
            if (c == '\'') {
                quoted = !quoted;
            } else if (c == ' ' && !quoted) {
                if (!word.isEmpty()) {
                    out.add(word.toString());
                }
                word.setLength(0);
            } else {
                word.append(c);
            }
        }
        if (!out.contains("--url")) {
            out.add("--url");
            out.add(url);
        }
        return out.toArray(String[]::new);
    }
}
