/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs the scripts in {@code resources/scripts}; docs/logql-tests.md describes them. */
final class LogqlScriptTest {
    @TestFactory
    List<DynamicContainer> scripts() throws IOException, URISyntaxException {
        Path dir = Path.of(Objects.requireNonNull(LogqlScriptTest.class.getResource("/scripts"))
                .toURI());
        List<DynamicContainer> out = new ArrayList<>();
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : files.sorted().toList()) {
                List<DynamicTest> tests = new ArrayList<>();
                for (LogqlScript.Case c : LogqlScript.parse(Files.readAllLines(file))) {
                    tests.add(DynamicTest.dynamicTest(
                            file.getFileName() + ":" + c.lineNumber() + " " + c.eval(),
                            () -> assertThat(c.run())
                                    .as("%s:%d %s", file.getFileName(), c.lineNumber(), c.eval())
                                    .isEqualTo(c.expected())));
                }
                out.add(DynamicContainer.dynamicContainer(String.valueOf(file.getFileName()), tests));
            }
        }
        return out;
    }

    @Test
    void whatIsWrongWithAScriptIsSaid() {
        for (String[] c : new String[][] {
            {"evel | json", "line 1: 'evel | json' is no command"},
            {"eval | json", "line 1: eval without expect"},
            {"expect {a=\"b\"}", "line 1: expect without eval"},
            {"load\n  {a=\"b\"} 5 x", "line 2: '5' is no time"},
            {"eval sometimes {a=\"b\"}\nexpect nothing", "line 1: eval what? sometimes"},
        }) {
            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> LogqlScript.parse(List.of(c[0].split("\n")))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(c[1]);
        }
    }
}
