/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.rules;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.wire.LevelDetector;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.parser.Parser;
import io.skald.querier.rules.eval.InlineLines;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.model.YamlFields;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A file of unit tests of rules, in the style of promtool's:
 *
 * <pre>
 * rule_files: [shop.yaml]
 * evaluation_interval: 1m
 * tests:
 *   - name: errors page
 *     lines:
 *       - {stream: '{app="web"}', line: 'level=error n={{n}}', from: 30s, every: 10s, times: 30}
 *     alert_rule_test:
 *       - {eval_time: 5m, alertname: Errors, exp_alerts: [{exp_labels: {app: web}}]}
 *     logql_expr_test:
 *       - {eval_time: 5m, expr: 'sum(count_over_time({app="web"}[5m]))', exp_samples: [{labels: '{}', value: 28}]}
 * </pre>
 */
final class RuleTestFile {
    private static final List<String> FILE = List.of("rule_files", "evaluation_interval", "tests");
    private static final List<String> TEST =
            List.of("name", "interval", "external_labels", "lines", "alert_rule_test", "logql_expr_test");
    private static final List<String> LINES = List.of("stream", "line", "metadata", "from", "every", "times");
    private static final List<String> ALERT = List.of("eval_time", "alertname", "exp_alerts");
    private static final List<String> EXPECTED = List.of("exp_labels", "exp_annotations");
    private static final List<String> QUERY = List.of("eval_time", "expr", "exp_samples");
    private static final List<String> SAMPLE = List.of("labels", "value");
    private static final int MOST_LINES = 1_000_000;

    private final YamlFields.Problems problems;

    private RuleTestFile(Path file) {
        this.problems = new YamlFields.Problems(file.toString());
    }

    /** @throws CommandFailure with every problem of the file, or of a file of rules that it names */
    static List<RuleTest> read(Path file) throws CommandFailure {
        try {
            return new RuleTestFile(file).parse(file);
        } catch (RuleException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    private List<RuleTest> parse(Path file) throws CommandFailure {
        Optional<Node> root = RuleYaml.compose(file.toString(), RuleFilesOnDisk.text(file), problems);
        problems.check();
        if (root.isEmpty()) {
            return List.of();
        }
        YamlFields f = YamlFields.of(root.get(), "the file", FILE, problems);
        Path dir = file.toAbsolutePath().getParent();
        List<Path> ruleFiles = new ArrayList<>();
        for (String r : f.texts("rule_files")) {
            ruleFiles.add(dir == null ? Path.of(r) : dir.resolve(r).normalize());
        }
        List<RuleGroup> groups = new ArrayList<>();
        RuleFilesOnDisk.read(ruleFiles).forEach(r -> groups.addAll(r.file().groups()));
        Duration interval = Objects.requireNonNullElse(f.duration("evaluation_interval"), Duration.ofMinutes(1));
        List<RuleTest> out = new ArrayList<>();
        for (Node n : f.list("tests")) {
            out.add(test(n, groups, interval, out.size() + 1));
        }
        problems.check();
        return out;
    }

    private RuleTest test(Node node, List<RuleGroup> groups, Duration interval, int number) {
        YamlFields t = YamlFields.of(node, "test " + number, TEST, problems);
        InlineLines lines = new InlineLines();
        for (Node n : t.list("lines")) {
            lines(YamlFields.of(n, "lines", LINES, problems), lines);
        }
        List<RuleTest.AlertCheck> alerts = new ArrayList<>();
        Set<String> known = new java.util.HashSet<>();
        groups.forEach(g -> g.rules().forEach(r -> known.add(r.name())));
        for (Node n : t.list("alert_rule_test")) {
            YamlFields a = YamlFields.of(n, "alert_rule_test", ALERT, problems);
            List<RuleTest.ExpectedAlert> expected = new ArrayList<>();
            for (Node e : a.list("exp_alerts")) {
                YamlFields x = YamlFields.of(e, "exp_alerts", EXPECTED, problems);
                expected.add(new RuleTest.ExpectedAlert(
                        new java.util.TreeMap<>(x.map("exp_labels")), x.map("exp_annotations")));
            }
            String name = a.text("alertname", "");
            if (!known.contains(name)) {
                problems.add(a.node("alertname"), "no rule is called '" + name + "'");
            }
            alerts.add(new RuleTest.AlertCheck(time(a), name, expected));
        }
        List<RuleTest.SampleCheck> samples = new ArrayList<>();
        for (Node n : t.list("logql_expr_test")) {
            RuleTest.SampleCheck c = samples(YamlFields.of(n, "logql_expr_test", QUERY, problems));
            if (c != null) {
                samples.add(c);
            }
        }
        return new RuleTest(
                t.text("name", "test " + number),
                groups,
                Objects.requireNonNullElse(t.duration("interval"), interval),
                Labels.of(t.map("external_labels")),
                lines,
                alerts,
                samples);
    }

    private static Duration time(YamlFields f) {
        return Objects.requireNonNullElse(f.duration("eval_time"), Duration.ZERO);
    }

    private void lines(YamlFields f, InlineLines out) {
        Labels stream = labels(f, "stream");
        Labels metadata = Labels.of(f.map("metadata"));
        long from =
                Objects.requireNonNullElse(f.duration("from"), Duration.ZERO).toNanos();
        Duration every = f.duration("every");
        int times = f.number("times", 1, MOST_LINES);
        if (times > 1 && every == null) {
            problems.add(f.node("times"), "times needs every");
        }
        String line = f.text("line", "");
        for (int i = 0; i < times; i++) {
            String text = line.replace("{{n}}", Integer.toString(i));
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            // as an ingester does
            Labels found = LevelDetector.withLevel(LevelDetector.named(stream), metadata, bytes, 0, bytes.length, 2);
            out.add(stream, RuleTest.START + from + i * (every == null ? 0 : every.toNanos()), text, found);
        }
    }

    private Labels labels(YamlFields f, String key) {
        Map<String, String> out = new HashMap<>();
        try {
            for (Matcher m : Parser.parseMatchers(f.text(key, "{}"))) {
                if (m.op() != Matcher.Op.EQUAL) {
                    problems.add(f.node(key), key + ": " + m.name() + " needs =");
                }
                out.put(m.name(), m.value());
            }
        } catch (RequestException e) {
            problems.add(f.node(key), key + ": " + e.getMessage());
        }
        return Labels.of(out);
    }

    private RuleTest.@Nullable SampleCheck samples(YamlFields f) {
        String text = f.text("expr", "");
        try {
            Expr expr = Parser.parseExtended(text);
            if (expr instanceof SampleExpr sample) {
                Map<Labels, Double> expected = new HashMap<>();
                for (Node n : f.list("exp_samples")) {
                    YamlFields s = YamlFields.of(n, "exp_samples", SAMPLE, problems);
                    try {
                        expected.put(labels(s, "labels"), Double.valueOf(s.text("value", "")));
                    } catch (NumberFormatException e) {
                        problems.add(n, "value must be a number, not '" + s.text("value", "") + "'");
                    }
                }
                return new RuleTest.SampleCheck(time(f), text, sample, expected);
            }
            problems.add(f.node("expr"), "expr must give numbers");
        } catch (RequestException e) {
            problems.add(f.node("expr"), "expr: " + e.getMessage());
        }
        return null;
    }
}
