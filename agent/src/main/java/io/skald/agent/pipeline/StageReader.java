/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.skald.agent.config.Section;
import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.Regexp;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.Stage.LineFilter;
import io.skald.logql.ast.Stage.LineFilter.Term;
import io.skald.logql.ast.Stage.LineOp;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.SyntaxException;
import io.skald.logql.pipeline.Pipelines;
import io.skald.logql.pipeline.template.Template;
import io.skald.logql.pipeline.template.TemplateSyntaxException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes pipelines of {@code pipeline_stages}. Problems go to where the sections report them. Confined to one thread. */
public final class StageReader {
    static final List<String> NAMES = List.of(
            "docker",
            "cri",
            "regex",
            "json",
            "logfmt",
            "replace",
            "template",
            "pack",
            "match",
            "drop",
            "limit",
            "sampling",
            "timestamp",
            "labels",
            "labeldrop",
            "labelallow",
            "static_labels",
            "structured_metadata",
            "tenant",
            "output",
            "metrics",
            "multiline",
            "decolorize",
            "geoip",
            "redact");

    private final MetricsReader metrics;
    private final Counter dropped;
    private final Counter redacted;
    private final RandomGenerator random;

    /** @param registry takes the metrics of stages */
    public StageReader(CollectorRegistry registry, RandomGenerator random) {
        this.metrics = new MetricsReader(registry);
        this.random = random;
        this.dropped = Counter.build(
                        "skald_agent_stage_dropped_lines", "Lines that a stage has dropped, by its reason.")
                .labelNames("reason")
                .register(registry);
        this.redacted = Counter.build("skald_agent_redacted", "Secrets that were taken out of lines, by rule.")
                .labelNames("rule")
                .register(registry);
    }

    /** One stage with its name, for showing what each does. */
    public record Named(String name, Stage stage) {}

    /**
     * Reads the stages of a job.
     *
     * @param key the key of the list in the section
     * @param traces whether stack traces are joined unless a stage does it; null leaves it to the stages
     * @param unwrap whether wrapped lines are recognised; null does where there are no stages
     */
    public JobPipeline read(Section job, String key, @Nullable Boolean traces, @Nullable Boolean unwrap) {
        List<Stage> stages = stages(job, key);
        boolean joined = stages.stream().anyMatch(MultilineStage.class::isInstance);
        return new JobPipeline(stages, traces == null ? !joined : traces, unwrap == null ? stages.isEmpty() : unwrap);
    }

    /** Reads stages with their names. */
    public List<Named> named(Section job, String key) {
        List<Named> out = new ArrayList<>();
        for (Section s : job.sections(key)) {
            if (s.keys().size() != 1) {
                s.problem("a stage has one key, its name: " + String.join(", ", NAMES));
                continue;
            }
            String name = s.keys().iterator().next();
            Stage stage = stage(name, s);
            s.end();
            if (stage != null) {
                out.add(new Named(name, stage));
            }
        }
        return out;
    }

    private List<Stage> stages(Section job, String key) {
        return named(job, key).stream().map(Named::stage).toList();
    }

    private @Nullable Stage stage(String name, Section in) {
        switch (name) {
            case "labels" -> {
                return new LabelStages.SetLabels(sources(in, name));
            }
            case "structured_metadata", "non_indexed_labels" -> { // its name in older versions
                return new LabelStages.Metadata(sources(in, name));
            }
            case "static_labels" -> {
                sources(in, name); // checks the names
                return new ExtractStages.Fixed(in.labels(name));
            }
            case "labeldrop" -> {
                return new LabelStages.Filter(names(in, name), false);
            }
            case "labelallow" -> {
                return new LabelStages.Filter(names(in, name), true);
            }
            case "metrics" -> {
                return metrics.read(in, name);
            }
            default -> {}
        }
        if (name.equals("eventlogmessage")) {
            in.problem(name, "is not supported: it is for the event log of Windows");
            in.known(name);
            return null;
        }
        if (!NAMES.contains(name)) {
            for (String known : NAMES) {
                in.known(known);
            }
            return null; // the section's end tells what is near
        }
        Section s = in.section(name);
        Stage stage = stage(name, s, in);
        s.end();
        return stage;
    }

    /** Names of labels, and of the values that they come from. */
    private static Map<String, String> sources(Section in, String name) {
        Map<String, String> out = new LinkedHashMap<>();
        in.map(name).forEach((k, v) -> {
            if (!k.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
                in.section(name).problem(k, "is no name of a label");
            }
            out.put(k, v.isEmpty() ? k : v);
        });
        if (out.isEmpty()) {
            in.problem(name, "needs at least one label");
        }
        return out;
    }

    private static Set<String> names(Section in, String name) {
        Set<String> out = new HashSet<>(in.list(name));
        if (out.isEmpty()) {
            in.problem(name, "needs at least one label");
        }
        return out;
    }

    /** The value that a stage reads; null for the line. */
    private static @Nullable String source(Section s) {
        String source = s.textOrNull("source");
        return source == null || source.isEmpty() ? null : source;
    }

    private @Nullable Stage stage(String name, Section s, Section in) {
        return switch (name) {
            case "docker" -> new CriStage(Format.DOCKER, 100, CriStage.MAX_BYTES, false);
            case "cri" -> cri(s);
            case "regex" -> {
                Pattern p = pattern(s, "expression", true);
                String source = source(s);
                boolean labels = s.bool("labels_from_groups", false);
                if (p != null && p.namedGroups().isEmpty()) {
                    s.problem("expression", "needs at least one named group, like (?P<name>…)");
                }
                yield p == null ? null : new ExtractStages.Regex(p, source, labels);
            }
            case "json" -> json(s);
            case "logfmt" -> {
                Map<String, List<String>> mapping = new HashMap<>();
                s.map("mapping")
                        .forEach((as, key) -> mapping.computeIfAbsent(key.isEmpty() ? as : key, k -> new ArrayList<>())
                                .add(as));
                if (mapping.isEmpty()) {
                    s.problem("mapping", "is required");
                }
                yield new ExtractStages.Logfmt(mapping, source(s));
            }
            case "replace" -> {
                Pattern p = pattern(s, "expression", true);
                String source = source(s);
                Template t = template(s, "replace");
                yield p == null || t == null ? null : new LineStages.Replace(p, source, t);
            }
            case "template" -> {
                String source = s.required("source");
                Template t = template(s, "template");
                yield t == null ? null : new LineStages.SetTemplate(source, t);
            }
            case "pack" -> new LineStages.Pack(s.list("labels"), s.bool("ingest_timestamp", true));
            case "match" -> match(s);
            case "drop" -> drop(s);
            case "limit" -> limit(s);
            case "sampling" -> {
                double rate = s.decimal("rate", -1);
                if (rate < 0 || rate > 1) {
                    s.problem("rate", "must be between 0.0 and 1.0");
                }
                yield new FlowStages.Sampling(
                        rate, random, dropped.labels(s.text("drop_counter_reason", "sampling_stage")));
            }
            case "timestamp" -> timestamp(s);
            case "tenant" -> tenant(s);
            case "output" -> new LineStages.Output(s.required("source"));
            case "multiline" -> {
                Pattern p = pattern(s, "firstline", true);
                Duration wait = s.duration("max_wait_time", Duration.ofSeconds(3));
                int lines = (int) Math.min(Integer.MAX_VALUE, s.number("max_lines", 128, 1));
                yield p == null ? null : new MultilineStage(p, wait.toNanos(), lines);
            }
            case "decolorize" -> new LineStages.Decolorize();
            case "geoip" -> GeoipStage.read(s);
            case "redact" -> redact(s);
            default -> {
                in.problem(name, "is not supported by this agent");
                s.keys().forEach(s::known);
                yield null;
            }
        };
    }

    private static Stage cri(Section s) {
        int parts = (int) s.number("max_partial_lines", 100, 1);
        long bytes = s.bytes("max_partial_line_size", 0);
        boolean cut = s.bool("max_partial_line_size_truncate", false) && bytes > 0;
        return new CriStage(
                Format.CRI, parts, cut ? (int) Math.min(bytes, CriStage.MAX_BYTES) : CriStage.MAX_BYTES, cut);
    }

    private static Stage json(Section s) {
        Map<String, JmesPath> expressions = new LinkedHashMap<>();
        s.map("expressions").forEach((name, expression) -> {
            try {
                expressions.put(name, JmesPath.parse(expression.isEmpty() ? "\"" + name + "\"" : expression));
            } catch (IllegalArgumentException e) {
                s.problem("expressions", name + ": " + e.getMessage());
            }
        });
        if (s.map("expressions").isEmpty()) {
            s.problem("expressions", "is required");
        }
        return new ExtractStages.Json(expressions, source(s), s.bool("drop_malformed", false));
    }

    private @Nullable Stage match(Section s) {
        String selector = s.required("selector");
        s.withoutEffect("stages have no metrics by its name", "pipeline_name");
        String action = s.text("action", "keep");
        String reason = s.text("drop_counter_reason", "match_stage");
        List<Stage> stages = s.has("stages") ? stages(s, "stages") : List.of();
        boolean drops = action.equals("drop");
        if (!drops && !action.equals("keep")) {
            s.problem("action", "'" + action + "' is neither keep nor drop");
        }
        if (drops && !stages.isEmpty()) {
            s.problem("stages", "what is dropped needs no stages");
        } else if (!drops && stages.isEmpty() && s.sections("stages").isEmpty()) {
            s.problem("stages", "is required");
        }
        if (selector.isEmpty()) {
            return null;
        }
        try {
            LogExpr e = Parser.parseFilter(selector);
            List<Matcher> matchers = e.matchers();
            return new FlowStages.Match(
                    matchers, Pipelines.compile(e.stages()), stages, drops ? dropped.labels(reason) : null);
        } catch (SyntaxException e) {
            s.problem("selector", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private Stage drop(Section s) {
        List<String> sources = s.list("source");
        Pattern expression = pattern(s, "expression", false);
        String value = s.textOrNull("value");
        Duration older = s.has("older_than") ? s.duration("older_than", Duration.ZERO) : null;
        long longer = s.has("longer_than") ? s.bytes("longer_than", -1) : -1;
        if (expression == null && value == null && older == null && longer < 0 && sources.isEmpty()) {
            s.problem("needs at least one of source, expression, value, older_than, longer_than");
        }
        if (expression != null && value != null) {
            s.problem("value", "and expression exclude each other");
        }
        return new FlowStages.Drop(
                sources,
                s.text("separator", ";"),
                expression,
                value,
                older,
                longer,
                dropped.labels(s.text("drop_counter_reason", "drop_stage")));
    }

    private Stage limit(Section s) {
        double rate = s.decimal("rate", -1);
        double burst = s.decimal("burst", -1);
        String by = s.textOrNull("by_label_name");
        boolean drop = s.bool("drop", false);
        if (rate <= 0 || burst < 1) {
            s.problem("needs a rate above 0 and a burst of at least 1");
        }
        if (by != null && !drop) {
            s.problem("by_label_name", "needs drop: true");
        }
        return new FlowStages.Limit(
                rate,
                burst,
                drop,
                by,
                (int) s.number("max_distinct_labels", 10_000, 1),
                dropped.labels(s.text("drop_counter_reason", "limit_stage")));
    }

    private static Stage timestamp(Section s) {
        List<String> formats = new ArrayList<>();
        formats.add(s.required("format"));
        formats.addAll(s.list("fallback_formats"));
        String action = s.text("action_on_failure", "fudge");
        if (!action.equals("fudge") && !action.equals("skip")) {
            s.problem("action_on_failure", "'" + action + "' is neither fudge nor skip");
        }
        ZoneId zone = ZoneOffset.UTC;
        String location = s.textOrNull("location");
        if (location != null && !location.isEmpty()) {
            try {
                zone = ZoneId.of(location);
            } catch (DateTimeException e) {
                s.problem("location", "'" + location + "' is no time zone");
            }
        }
        return new TimestampStage(s.required("source"), formats, zone, action.equals("fudge"));
    }

    private static Stage tenant(Section s) {
        String label = s.textOrNull("label");
        String source = s.textOrNull("source");
        String value = s.textOrNull("value");
        int given = (label == null ? 0 : 1) + (source == null ? 0 : 1) + (value == null ? 0 : 1);
        if (given != 1) {
            s.problem("needs exactly one of label, source, value");
        }
        return new LabelStages.Tenant(label, source, value);
    }

    private Stage redact(Section s) {
        List<RedactStage.Custom> custom = new ArrayList<>();
        s.map("custom").forEach((name, expression) -> {
            if (expression.isEmpty()) {
                s.section("custom").problem(name, "needs an expression");
                return;
            }
            try {
                Term term = new Term(expression, false);
                LineFilter filter = new LineFilter(LineOp.MATCHES, List.of(term), Position.START);
                custom.add(new RedactStage.Custom(
                        name,
                        Regexp.compile(expression),
                        Pipelines.compile(List.of(filter)).forStream(Labels.EMPTY)));
            } catch (PatternSyntaxException e) {
                s.section("custom").problem(name, String.valueOf(e.getMessage()));
            }
        });
        return new RedactStage(
                s.bool("cards", true),
                s.bool("tokens", true),
                s.bool("emails", true),
                custom,
                s.text("replacement", "<redacted:$rule>"),
                redacted);
    }

    private static @Nullable Pattern pattern(Section s, String key, boolean required) {
        String text = required ? s.required(key) : s.textOrNull(key);
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            return Regexp.compile(text);
        } catch (PatternSyntaxException e) {
            s.problem(key, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static @Nullable Template template(Section s, String key) {
        try {
            return Template.parse(key, s.text(key, ""), new HashFunctions());
        } catch (TemplateSyntaxException e) {
            s.problem(key, String.valueOf(e.getMessage()));
            return null;
        }
    }
}
