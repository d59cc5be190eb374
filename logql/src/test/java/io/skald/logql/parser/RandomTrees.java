/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LabelFilter.Comparison;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOp;
import io.skald.logql.ast.SampleExpr.Cardinality;
import io.skald.logql.ast.SampleExpr.Conversion;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.ast.SampleExpr.Unwrap;
import io.skald.logql.ast.SampleExpr.VectorMatching;
import io.skald.logql.ast.SampleExpr.VectorOp;
import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Trees that the parser could have made, of every kind of node. Confined to one thread. */
final class RandomTrees {
    private static final Position AT = Position.START;
    private static final String[] LABELS = {
        "app",
        "_x",
        "status2",
        "rate",
        "sum",
        "ip",
        "duration",
        "bytes",
        "vector",
        "label_replace",
        "größe",
        "__error__"
    };
    private static final String[] STRINGS = {
        "",
        "a",
        "web-1",
        "a\"b",
        "a\\b",
        "line\nfeed\ttab",
        "ünïcödé",
        "\u0001\u007f\u0085",
        "`tick`",
        "😀",
        "{{.a}}",
        "# no comment"
    };
    private static final String[] REGEXPS = {"a.*", "(?i)x|y", "\\d{3}", "[a-z]+", "", "a\"\\\\", "^$", "[[:upper:]]"};
    private static final String[] IP_RANGES = {"10.0.0.1", "10.0.0.0/8", "1.1.1.1-1.1.1.9", "::1", "2001:db8::/32"};
    private static final String[] TEMPLATES = {"", "x", "{{.app}}", "{{ .a | lower }} \"q\"", "{{__line__}}"};

    private final Random random;

    RandomTrees(long seed) {
        this.random = new Random(seed);
    }

    Expr expr() {
        return chance(3) ? last(log(5)) : samples(4);
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private <T> T pick(T[] of) {
        return of[random.nextInt(of.length)];
    }

    private <T> List<T> list(int atLeast, int atMost, Supplier<T> item) {
        List<T> list = new ArrayList<>();
        int size = atLeast + random.nextInt(atMost - atLeast + 1);
        for (int i = 0; i < size; i++) {
            list.add(item.get());
        }
        return list;
    }

    private String label() {
        return pick(LABELS);
    }

    private String string() {
        return pick(STRINGS);
    }

    private Matcher matcher() {
        return chance(2)
                ? new Matcher(label(), chance(2) ? Matcher.Op.REGEX : Matcher.Op.NOT_REGEX, pick(REGEXPS))
                : new Matcher(label(), chance(2) ? Matcher.Op.EQUAL : Matcher.Op.NOT_EQUAL, string());
    }

    private LogExpr log(int maxStages) {
        List<Matcher> matchers = list(0, 2, this::matcher);
        matchers.add(random.nextInt(matchers.size() + 1), new Matcher("job", Matcher.Op.EQUAL, "x"));
        List<Stage> stages = new ArrayList<>();
        for (Stage stage : list(0, maxStages, this::stage)) {
            Stage last = stages.isEmpty() ? null : stages.getLast();
            boolean ambiguous = (last instanceof Stage.DropLabels || last instanceof Stage.KeepLabels)
                    && stage instanceof Stage.LineFilter;
            if (!ambiguous) {
                stages.add(stage);
            }
        }
        return new LogExpr(matchers, stages, AT);
    }

    /** Now and then with a stage that only the end of a log query may have. */
    private LogExpr last(LogExpr log) {
        if (!chance(4)) {
            return log;
        }
        List<Stage> stages = new ArrayList<>(log.stages());
        int before = random.nextInt(3);
        stages.add(
                chance(2)
                        ? new Stage.Distinct(list(1, 3, this::label), AT)
                        : new Stage.Context(before, random.nextInt(3), AT));
        return new LogExpr(log.matchers(), stages, AT);
    }

    private Stage stage() {
        return switch (random.nextInt(12)) {
            case 0, 1 -> lineFilter();
            case 2 -> new Stage.JsonParser(extractions("a.b[0][\"c d\"]"), AT);
            case 3 -> new Stage.LogfmtParser(chance(2), chance(2), extractions("key"), AT);
            case 4 -> new Stage.RegexpParser("(?P<x>\\d+) \"(?P<y>.)", AT);
            case 5 -> new Stage.PatternParser("<ip> - <_> \"<path>\"", AT);
            case 6 -> chance(2) ? new Stage.UnpackParser(AT) : new Stage.Decolorize(AT);
            case 7 -> filterStage();
            case 8 -> new Stage.LineFormat(pick(TEMPLATES), AT);
            case 9 -> labelFormat();
            case 10 -> new Stage.DropLabels(list(1, 3, this::nameOrMatcher), AT);
            default -> new Stage.KeepLabels(list(1, 3, this::nameOrMatcher), AT);
        };
    }

    private Stage lineFilter() {
        Stage.LineOp op = pick(Stage.LineOp.values());
        return new Stage.LineFilter(
                op,
                list(1, 3, () -> switch (op) {
                    case CONTAINS, NOT_CONTAINS ->
                        chance(4)
                                ? new Stage.LineFilter.Term(pick(IP_RANGES), true)
                                : new Stage.LineFilter.Term(string(), false);
                    case MATCHES, NOT_MATCHES -> new Stage.LineFilter.Term(pick(REGEXPS), false);
                    case PATTERN, NOT_PATTERN -> new Stage.LineFilter.Term("<_>a \"b\"<_>", false);
                }),
                AT);
    }

    private List<Stage.Extraction> extractions(String expression) {
        return list(0, 2, () -> new Stage.Extraction(label(), expression));
    }

    private Stage labelFormat() {
        List<String> labels = list(1, 3, this::label).stream()
                .filter(l -> !l.equals("__error__"))
                .distinct()
                .toList();
        List<Stage.LabelFormat.Assignment> assignments = new ArrayList<>();
        assignments.add(new Stage.LabelFormat.Assignment("first", label(), true));
        for (String label : labels) {
            boolean rename = chance(2);
            assignments.add(new Stage.LabelFormat.Assignment(label, rename ? label() : pick(TEMPLATES), rename));
        }
        return new Stage.LabelFormat(assignments, AT);
    }

    private Stage.NameOrMatcher nameOrMatcher() {
        return chance(2) ? new Stage.NameOrMatcher(label(), null) : new Stage.NameOrMatcher(null, matcher());
    }

    private Stage.LabelFilterStage filterStage() {
        return new Stage.LabelFilterStage(filter(3), AT);
    }

    private LabelFilter filter(int depth) {
        Comparison comparison = pick(Comparison.values());
        return switch (random.nextInt(depth > 0 ? 8 : 5)) {
            case 0 -> new LabelFilter.StringFilter(matcher());
            case 1 -> new LabelFilter.NumberFilter(label(), comparison, number());
            case 2 -> {
                long nanos = random.nextLong() >> random.nextInt(64);
                yield new LabelFilter.DurationFilter(label(), comparison, nanos, DurationText.format(nanos));
            }
            case 3 -> {
                long bytes = chance(2) ? random.nextInt(1000) : random.nextInt(100) * 1_000_000L;
                yield new LabelFilter.BytesFilter(
                        label(), comparison, bytes, bytes == 0 ? "0kB" : ByteText.format(bytes));
            }
            case 4 -> new LabelFilter.IpFilter(label(), chance(2), pick(IP_RANGES));
            case 5 -> new LabelFilter.Or(filter(depth - 1), filter(depth - 1));
            default -> new LabelFilter.And(filter(depth - 1), filter(depth - 1));
        };
    }

    private double number() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(200) - 100;
            case 1 -> random.nextGaussian();
            case 2 -> random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300);
            default -> 0;
        };
    }

    private SampleExpr samples(int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 3)) {
            case 0 -> new SampleExpr.Vector(Math.abs(number()), AT);
            case 1, 2 -> rangeAggregation();
            case 3, 4 -> vectorAggregation(depth);
            case 5 -> new SampleExpr.LabelReplace(samples(depth - 1), label(), string(), label(), pick(REGEXPS), AT);
            default -> binary(depth);
        };
    }

    private SampleExpr binary(int depth) {
        BinaryOp op = pick(BinaryOp.values());
        boolean literalLeft = !op.isSet() && chance(5);
        boolean literalRight = !op.isSet() && !literalLeft && chance(5);
        return new SampleExpr.BinaryOperation(
                op,
                literalLeft ? literal() : samples(depth - 1),
                literalRight ? literal() : samples(depth - 1),
                op.isComparison() && chance(2),
                matching(),
                AT);
    }

    private SampleExpr literal() {
        double[] special = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN, -0.0};
        return new SampleExpr.Literal(chance(4) ? special[random.nextInt(special.length)] : number(), AT);
    }

    private VectorMatching matching() {
        if (chance(2)) {
            return VectorMatching.DEFAULT;
        }
        Cardinality cardinality = pick(Cardinality.values());
        List<String> include = cardinality == Cardinality.ONE_TO_ONE ? List.of() : list(0, 2, this::label);
        return new VectorMatching(cardinality, chance(2), list(0, 2, this::label), include);
    }

    private SampleExpr vectorAggregation(int depth) {
        VectorOp op = pick(VectorOp.values());
        boolean counts = op == VectorOp.TOPK || op == VectorOp.BOTTOMK || op == VectorOp.APPROX_TOPK;
        boolean sorts = op == VectorOp.SORT || op == VectorOp.SORT_DESC;
        Grouping grouping = sorts ? null : grouping(1);
        return new SampleExpr.VectorAggregation(
                op, counts ? 1 + random.nextInt(100) : null, samples(depth - 1), grouping, AT);
    }

    private @Nullable Grouping grouping(int leastBy) {
        boolean without = chance(2);
        return chance(2) ? null : new Grouping(list(without ? 0 : leastBy, 3, this::label), without);
    }

    private SampleExpr rangeAggregation() {
        RangeOp op = pick(RangeOp.values());
        boolean counts = op == RangeOp.COUNT_OVER_TIME || op == RangeOp.BYTES_OVER_TIME || op == RangeOp.BYTES_RATE;
        boolean optional = op == RangeOp.RATE || op == RangeOp.ABSENT_OVER_TIME || op == RangeOp.PRESENT_OVER_TIME;
        Unwrap unwrap = counts || optional && chance(2)
                ? null
                : new Unwrap(label(), pick(Conversion.values()), list(0, 2, this::filterStage), AT);
        boolean groups = !counts && !optional && op != RangeOp.SUM_OVER_TIME && op != RangeOp.RATE_COUNTER;
        long range = random.nextInt(1_000_000) * (chance(2) ? 1_000_000L : 3_600_000_000_000L) % (1L << 60);
        long offset = chance(2) ? 0 : random.nextLong() >> random.nextInt(64);
        range -= range % 1_000_000;
        return new SampleExpr.RangeAggregation(
                op,
                op == RangeOp.QUANTILE_OVER_TIME ? Math.abs(number()) : null,
                new LogRange(log(3), unwrap, range, offset, AT),
                groups ? grouping(0) : null,
                AT);
    }
}
