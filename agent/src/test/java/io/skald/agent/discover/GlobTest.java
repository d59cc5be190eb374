/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.log            | a.log",
                "*.log            | a.log b.log",
                "?.log            | a.log b.log",
                "[bc].log         | b.log",
                "{a,b}.log        | a.log b.log",
                "*/*.log          | s/c.log",
                "s/*.log          | s/c.log",
                "s/t/d.log        | s/t/d.log",
                "**/*.log         | a.log b.log s/c.log s/t/d.log",
                "s/**             | s/c.log s/note s/t/d.log",
                ".h*              | .hidden.log",
                "none/*.log       | ''",
                "a.log/*          | ''",
            })
    void finds(String pattern, String expected) throws IOException {
        for (String f : List.of("a.log", "b.log", "s/c.log", "s/note", "s/t/d.log", ".hidden.log", ".git/x.log")) {
            Path file = dir.resolve(f);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "");
        }
        List<Path> found = new ArrayList<>();
        new Glob(dir + "/" + pattern).find(found);
        assertThat(found.stream().map(p -> dir.relativize(p).toString()).sorted())
                .containsExactlyElementsOf(expected.isEmpty() ? List.of() : List.of(expected.split(" ")));
    }

    @Test
    void aRelativePatternGivesRelativePaths() {
        List<Path> found = new ArrayList<>();
        new Glob("pom.*").find(found);
        assertThat(found).containsExactly(Path.of("pom.xml"));
    }

    @Test
    void aMalformedPatternIsRefused() {
        assertThatThrownBy(() -> new Glob("logs/[a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("bad pattern 'logs/[a': ");
        assertThatThrownBy(() -> new Glob("logs/")).hasMessage("not a pattern of files: 'logs/'");
    }
}
