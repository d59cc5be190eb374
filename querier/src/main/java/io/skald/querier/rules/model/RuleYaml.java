/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Rules in YAML as Prometheus and Loki write them, with Skald's keys beside theirs. An unknown key is an error. */
public final class RuleYaml {
    private RuleYaml() {}

    /**
     * Reads a file: {@code groups}, and {@code namespace} as lokitool has it.
     *
     * @param name how problems call the text
     * @throws RuleException with every problem
     */
    public static RuleFile parseFile(String name, String yaml) {
        YamlFields.Problems problems = new YamlFields.Problems(name);
        Optional<Node> root = compose(name, yaml, problems);
        problems.check();
        if (root.isEmpty()) {
            return new RuleFile(null, List.of());
        }
        YamlFields f = YamlFields.of(root.get(), "the file", List.of("namespace", "groups"), problems);
        GroupReader reader = new GroupReader(problems);
        Set<String> names = new HashSet<>();
        List<RuleGroup> groups = f.list("groups").stream()
                .map(n -> {
                    RuleGroup g = reader.group(n);
                    if (!g.name().isEmpty() && !names.add(g.name())) {
                        problems.add(n, "group '" + g.name() + "' is there twice");
                    }
                    return g;
                })
                .toList();
        problems.check();
        String namespace = f.text("namespace", "");
        return new RuleFile(namespace.isEmpty() ? null : namespace, groups);
    }

    /**
     * Reads one group.
     *
     * @throws RuleException with every problem
     */
    public static RuleGroup parseGroup(String name, String yaml) {
        YamlFields.Problems problems = new YamlFields.Problems(name);
        Optional<Node> root = compose(name, yaml, problems);
        if (root.isEmpty()) {
            problems.add(null, "no rule group: the text is empty");
        }
        problems.check();
        RuleGroup group = new GroupReader(problems).group(root.orElseThrow());
        problems.check();
        return group;
    }

    /**
     * Reads groups by namespace, as {@link #write(Map)} gives them.
     *
     * @throws RuleException with every problem
     */
    public static Map<String, List<RuleGroup>> parseNamespaces(String name, String yaml) {
        YamlFields.Problems problems = new YamlFields.Problems(name);
        Optional<Node> root = compose(name, yaml, problems);
        problems.check();
        Map<String, List<RuleGroup>> out = new TreeMap<>();
        if (root.isPresent() && root.get() instanceof MappingNode m) {
            GroupReader reader = new GroupReader(problems);
            for (NodeTuple t : m.getValue()) {
                if (t.getKeyNode() instanceof ScalarNode k && t.getValueNode() instanceof SequenceNode s) {
                    out.put(
                            k.getValue(),
                            s.getValue().stream().map(reader::group).toList());
                } else {
                    problems.add(t.getKeyNode(), "a namespace with a list of groups is expected");
                }
            }
        }
        problems.check();
        return out;
    }

    /** The root of a YAML document; nothing if the text has none, or is not YAML, which is a problem then. */
    public static Optional<Node> compose(String name, String yaml, YamlFields.Problems problems) {
        try {
            return new Compose(LoadSettings.builder().setLabel(name).build()).composeString(yaml);
        } catch (MarkedYamlEngineException e) {
            problems.addAt(
                    e.getProblemMark()
                            .map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1))
                            .orElse(""),
                    "not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add(null, "not YAML: " + e.getMessage());
        }
        return Optional.empty();
    }

    /** Writes a group; {@link #parseGroup} reads an equal one. */
    public static String write(RuleGroup group) {
        RuleYamlWriter w = new RuleYamlWriter();
        w.group(group, "", "");
        return w.text();
    }

    /** Writes groups by namespace, as the rules API answers. */
    public static String write(Map<String, ? extends Collection<RuleGroup>> namespaces) {
        RuleYamlWriter w = new RuleYamlWriter();
        w.namespaces(namespaces);
        return w.text();
    }
}
