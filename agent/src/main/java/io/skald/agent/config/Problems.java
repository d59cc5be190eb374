/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** What is wrong with a file. Confined to one thread. */
public final class Problems {
    private final String file;
    private final List<String> all = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    public Problems(String file) {
        this.file = file;
    }

    public void add(@Nullable Node node, String text) {
        all.add(file + at(node) + ": " + text);
    }

    /** Something that is right but should be known. */
    void note(Node node, String text) {
        notes.add(file + at(node) + ": " + text);
    }

    /** What should be known. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    private static String at(@Nullable Node node) {
        return node == null
                ? ""
                : node.getStartMark()
                        .map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1))
                        .orElse("");
    }

    public void add(int line, int column, String text) {
        all.add(file + ":" + line + ":" + column + ": " + text);
    }

    /** @throws ConfigException if there are any */
    public void check() throws ConfigException {
        if (!all.isEmpty()) {
            throw new ConfigException(all);
        }
    }
}
