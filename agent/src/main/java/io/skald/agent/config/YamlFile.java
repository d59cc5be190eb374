/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads YAML files into sections. */
public final class YamlFile {
    private static final Pattern VARIABLE =
            Pattern.compile("\\\\\\\\|\\$\\$\\{|\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-?([^}]*))?}");

    private YamlFile() {}

    /** The root of a file; null if it is empty or is no YAML, which is reported. */
    static @Nullable Node root(String file, String yaml, Problems problems) {
        try {
            LoadSettings settings = LoadSettings.builder()
                    .setLabel(file)
                    .setMaxAliasesForCollections(1000)
                    .build();
            Optional<Node> root = new Compose(settings).composeString(yaml);
            return root.orElse(null);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(1);
            int column = e.getProblemMark().map(m -> m.getColumn() + 1).orElse(1);
            problems.add(line, column, "not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add(1, 1, "not YAML: " + e.getMessage());
        }
        return null;
    }

    /**
     * The sections of a file that is a list.
     *
     * @throws ConfigException if it is not
     */
    public static List<Section> list(String file, String yaml) throws ConfigException {
        Problems problems = new Problems(file);
        List<Section> out = new ArrayList<>();
        Node root = root(file, yaml, problems);
        if (root instanceof SequenceNode seq) {
            for (Node n : seq.getValue()) {
                out.add(new Section(problems, "", n));
            }
        } else if (root != null) {
            problems.add(root, "must be a list");
        }
        problems.check();
        return out;
    }

    /**
     * The root of a file that is a section.
     *
     * @throws ConfigException if it is not
     */
    public static Section section(String file, String yaml) throws ConfigException {
        Problems problems = new Problems(file);
        Section s = new Section(problems, "", root(file, yaml, problems));
        problems.check();
        return s;
    }

    /**
     * Puts the values of environment variables for {@code ${NAME}} and {@code ${NAME:default}}. As Promtail's users know it, two backslashes become one;
     * <code>$${</code> becomes <code>${</code>.
     */
    static String expand(String yaml, Map<String, String> environment) {
        Matcher m = VARIABLE.matcher(yaml);
        StringBuilder out = new StringBuilder();
        while (m.find()) {
            if (m.group(1) == null) {
                m.appendReplacement(out, Matcher.quoteReplacement(m.group().startsWith("$") ? "${" : "\\"));
                continue;
            }
            String fallback = m.group(2) == null ? "" : m.group(2);
            String v = environment.getOrDefault(m.group(1), "");
            m.appendReplacement(out, Matcher.quoteReplacement(v.isEmpty() ? fallback : v));
        }
        return m.appendTail(out).toString();
    }
}
