/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.rules;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.querier.rules.eval.RuleTemplates;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleFile;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Files of rules that a command is given; a directory stands for the YAML files in it. */
final class RuleFilesOnDisk {
    private RuleFilesOnDisk() {}

    /** A file that was read. */
    record Read(Path path, RuleFile file) {
        String namespace() {
            String given = file.namespace();
            return given == null ? String.valueOf(path.getFileName()).replaceFirst("\\.ya?ml$", "") : given;
        }
    }

    /** @throws CommandFailure with every problem of every file */
    static List<Read> read(List<Path> paths) throws CommandFailure {
        List<Read> out = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Path p : expand(paths)) {
            try {
                RuleFile f = RuleYaml.parseFile(p.toString(), text(p));
                for (RuleGroup g : f.groups()) {
                    RuleTemplates.problems(g).forEach(x -> problems.add(p + ": " + x));
                }
                out.add(new Read(p, f));
            } catch (RuleException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new CommandFailure(ExitCode.FAILURE, String.join("\n", problems));
        }
        return out;
    }

    static String text(Path p) throws CommandFailure {
        try {
            return Files.readString(p, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.FAILURE, "no such file: " + p, e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot read " + p + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> expand(List<Path> paths) throws CommandFailure {
        List<Path> out = new ArrayList<>();
        for (Path p : paths) {
            if (!Files.isDirectory(p)) {
                out.add(p);
                continue;
            }
            try (Stream<Path> s = Files.list(p)) {
                s.filter(f -> f.toString().matches(".*\\.ya?ml")
                                && !f.toString().matches(".*[._-]tests?\\.ya?ml"))
                        .sorted()
                        .forEach(out::add);
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILURE, "cannot read " + p + ": " + e.getMessage(), e);
            }
        }
        return out;
    }

    /** Groups by namespace; two files may share one. */
    static Map<String, Map<String, RuleGroup>> byNamespace(List<Read> files) throws CommandFailure {
        Map<String, Map<String, RuleGroup>> out = new TreeMap<>();
        for (Read r : files) {
            Map<String, RuleGroup> groups = out.computeIfAbsent(r.namespace(), n -> new TreeMap<>());
            for (RuleGroup g : r.file.groups()) {
                if (groups.put(g.name(), g) != null) {
                    throw new CommandFailure(
                            ExitCode.FAILURE,
                            r.path + ": group '" + g.name() + "' is in namespace '" + r.namespace() + "' already");
                }
            }
        }
        return out;
    }
}
