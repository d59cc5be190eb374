/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.rules;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.client.RulesClient;
import io.skald.cli.client.ServerOptions;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald rules …}. */
@Command(
        description = {
            "Checks and tests files of alert and recording rules, and keeps those of a server like them.",
            "A file has the form of Prometheus' and Loki's; a directory stands for the YAML files in it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald rules check rules/",
            "  skald rules test rules/shop_test.yaml",
            "  skald rules diff rules/ --url http://skald:3100",
            "  skald rules sync rules/"
        })
public final class RulesCommand implements Runnable {
    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public RulesCommand(Output out) {
        this.out = out;
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "say check, test, list, get, load, diff, sync or delete");
        }
    }

    @Command(description = "Reads files and reports every problem with its line.")
    int check(@Parameters(paramLabel = "FILE", arity = "1..*", description = "Files or directories.") List<Path> files)
            throws CommandFailure, Output.Gone {
        for (RuleFilesOnDisk.Read r : RuleFilesOnDisk.read(files)) {
            int rules =
                    r.file().groups().stream().mapToInt(g -> g.rules().size()).sum();
            out.println(r.path() + ": ok, " + r.file().groups().size() + " groups, " + rules + " rules");
        }
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Runs unit tests of rules: lines that are given and alerts that are expected.",
                "See docs/alerting.md for the form of a test."
            })
    int test(@Parameters(paramLabel = "FILE", arity = "1..*", description = "Files of tests.") List<Path> files)
            throws CommandFailure, Output.Gone, InterruptedException {
        int failed = 0;
        int run = 0;
        for (Path file : files) {
            for (RuleTest t : RuleTestFile.read(file)) {
                List<String> problems = t.run();
                run++;
                failed += problems.isEmpty() ? 0 : 1;
                out.println(file + ": " + t.name() + ": " + (problems.isEmpty() ? "ok" : "FAILED"));
                for (String p : problems) {
                    out.println("    " + p.replace("\n", "\n    "));
                }
            }
        }
        if (failed > 0) {
            throw new CommandFailure(ExitCode.FAILURE, failed + " of " + run + " tests failed");
        }
        return ExitCode.OK;
    }

    @Command(description = "Prints the groups of the server.")
    int list(@Mixin ServerOptions server) throws CommandFailure, Output.Gone {
        try (RulesClient client = new RulesClient(server)) {
            for (Map.Entry<String, Map<String, RuleGroup>> ns : present(client).entrySet()) {
                for (RuleGroup g : ns.getValue().values()) {
                    out.println(ns.getKey() + "  " + g.name() + "  " + g.rules().size() + " rules");
                }
            }
        }
        return ExitCode.OK;
    }

    @Command(description = "Prints one group as YAML.")
    int get(
            @Parameters(paramLabel = "NAMESPACE", description = "Its namespace.") String namespace,
            @Parameters(paramLabel = "GROUP", description = "Its name.") String group,
            @Mixin ServerOptions server)
            throws CommandFailure, Output.Gone {
        try (RulesClient client = new RulesClient(server)) {
            String yaml = client.get(namespace, group);
            if (yaml == null) {
                throw new CommandFailure(ExitCode.FAILURE, "no group '" + group + "' in namespace '" + namespace + "'");
            }
            out.print(yaml);
        }
        return ExitCode.OK;
    }

    @Command(description = "Writes the groups of files to the server; others stay.")
    int load(
            @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files or directories.") List<Path> files,
            @Mixin ServerOptions server)
            throws CommandFailure, Output.Gone {
        return change(files, server, false, false, true);
    }

    @Command(
            description = {
                "Shows what sync would change: + a group that would be new, ~ one that would change, - one that would go.",
                "Exits with 1 if there is anything."
            })
    int diff(
            @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files or directories.") List<Path> files,
            @Option(names = "--prune", description = "Whether namespaces that are in no file would go, too.")
                    boolean prune,
            @Mixin ServerOptions server)
            throws CommandFailure, Output.Gone {
        return change(files, server, true, prune, false) == 0 ? ExitCode.OK : ExitCode.FAILURE;
    }

    @Command(
            description =
                    "Makes the namespaces of the files on the server like the files: writes groups, removes others.")
    int sync(
            @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files or directories.") List<Path> files,
            @Option(names = "--prune", description = "Removes namespaces that are in no file, too.") boolean prune,
            @Mixin ServerOptions server)
            throws CommandFailure, Output.Gone {
        change(files, server, true, prune, true);
        return ExitCode.OK;
    }

    @Command(description = "Removes a group, or a whole namespace.")
    int delete(
            @Parameters(paramLabel = "NAMESPACE", description = "The namespace.") String namespace,
            @Parameters(paramLabel = "GROUP", arity = "0..1", description = "The group; without it all of them.")
                    @Nullable
                    String group,
            @Mixin ServerOptions server)
            throws CommandFailure, Output.Gone {
        try (RulesClient client = new RulesClient(server)) {
            if (!client.delete(namespace, group)) {
                throw new CommandFailure(
                        ExitCode.FAILURE,
                        group == null
                                ? "no namespace '" + namespace + "'"
                                : "no group '" + group + "' in namespace '" + namespace + "'");
            }
            out.println("- " + namespace + (group == null ? "" : "/" + group));
        }
        return ExitCode.OK;
    }

    private static Map<String, Map<String, RuleGroup>> present(RulesClient client) throws CommandFailure {
        Map<String, Map<String, RuleGroup>> out = new TreeMap<>();
        try {
            RuleYaml.parseNamespaces("the server's rules", client.list()).forEach((ns, groups) -> {
                Map<String, RuleGroup> byName = out.computeIfAbsent(ns, n -> new TreeMap<>());
                groups.forEach(g -> byName.put(g.name(), g));
            });
        } catch (RuleException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
        return out;
    }

    /** Prints, and makes if asked to, what differs between files and server. Returns 0 if nothing does, or it was made. */
    private int change(List<Path> files, ServerOptions server, boolean remove, boolean prune, boolean make)
            throws CommandFailure, Output.Gone {
        Map<String, Map<String, RuleGroup>> wanted = RuleFilesOnDisk.byNamespace(RuleFilesOnDisk.read(files));
        List<String> changes = new ArrayList<>();
        try (RulesClient client = new RulesClient(server)) {
            Map<String, Map<String, RuleGroup>> present = present(client);
            for (Map.Entry<String, Map<String, RuleGroup>> ns : wanted.entrySet()) {
                Map<String, RuleGroup> there = present.getOrDefault(ns.getKey(), Map.of());
                for (RuleGroup g : ns.getValue().values()) {
                    if (!g.equals(there.get(g.name()))) {
                        changes.add((there.containsKey(g.name()) ? "~ " : "+ ") + ns.getKey() + "/" + g.name());
                        if (make) {
                            client.put(ns.getKey(), RuleYaml.write(g));
                        }
                    }
                }
            }
            if (remove) {
                changes.addAll(remove(client, wanted, present, prune, make));
            }
        }
        for (String c : changes) {
            out.println(c);
        }
        if (changes.isEmpty()) {
            out.println("no differences");
        }
        return make || changes.isEmpty() ? 0 : 1;
    }

    private static List<String> remove(
            RulesClient client,
            Map<String, Map<String, RuleGroup>> wanted,
            Map<String, Map<String, RuleGroup>> present,
            boolean prune,
            boolean make)
            throws CommandFailure {
        List<String> changes = new ArrayList<>();
        for (Map.Entry<String, Map<String, RuleGroup>> ns : present.entrySet()) {
            Map<String, RuleGroup> keep = wanted.get(ns.getKey());
            if (keep == null && !prune) {
                continue;
            }
            for (String g : ns.getValue().keySet()) {
                if (keep == null || !keep.containsKey(g)) {
                    changes.add("- " + ns.getKey() + "/" + g);
                    if (make) {
                        client.delete(ns.getKey(), g);
                    }
                }
            }
        }
        return changes;
    }
}
