/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.core.model.Quote;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOperation;
import io.skald.logql.ast.SampleExpr.Cardinality;
import io.skald.logql.ast.SampleExpr.Conversion;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.LabelReplace;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.ast.SampleExpr.Unwrap;
import io.skald.logql.ast.SampleExpr.VectorAggregation;
import io.skald.logql.ast.SampleExpr.VectorMatching;
import io.skald.logql.ast.Stage;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a tree as query text. What is written reads back as an equal tree, if the tree is one that {@link Parser} makes (only the
 * written form of durations and byte counts in label filters becomes the canonical one); and printing that gives the same text.
 */
public final class Printer {
    private final StringBuilder out = new StringBuilder();

    /** Length beyond which nobody wants the text. */
    private final int limit;

    private Printer() {
        this(Integer.MAX_VALUE);
    }

    private Printer(int limit) {
        this.limit = limit;
    }

    /** The canonical form, on one line. */
    public static String print(Expr expr) {
        Printer printer = new Printer();
        printer.expr(expr);
        return printer.out.toString();
    }

    /** The canonical form if it is no longer than a limit, else null; takes time by the limit, not by the size of the tree. */
    static @Nullable String printShort(Expr expr, int limit) {
        Printer printer = new Printer(limit);
        printer.expr(expr);
        return printer.out.length() <= limit ? printer.out.toString() : null;
    }

    /** The form that {@code format_query} answers with: as {@link #print}, but broken into lines and indented where it is long. */
    public static String pretty(Expr expr) {
        return PrettyPrinter.print(expr);
    }

    static String print(Stage stage) {
        Printer printer = new Printer();
        printer.stage(stage);
        return printer.out.toString();
    }

    static String print(Unwrap unwrap) {
        Printer printer = new Printer();
        printer.unwrapOnly(unwrap);
        return printer.out.toString();
    }

    static String print(Grouping grouping) {
        Printer printer = new Printer();
        printer.grouping(grouping);
        return printer.out.toString();
    }

    /** A selector: {@code {a="b", c=~"d"}}. */
    public static String print(List<Matcher> matchers) {
        Printer printer = new Printer();
        printer.selector(matchers);
        return printer.out.toString();
    }

    private void expr(Expr expr) {
        if (out.length() > limit) {
            return;
        }
        switch (expr) {
            case LogExpr log -> log(log);
            case RangeAggregation range -> rangeAggregation(range);
            case VectorAggregation vector -> vectorAggregation(vector);
            case BinaryOperation binary -> {
                out.append('(');
                expr(binary.left());
                out.append(' ').append(operator(binary)).append(' ');
                expr(binary.right());
                out.append(')');
            }
            case LabelReplace replace -> {
                out.append("label_replace(");
                expr(replace.inner());
                for (String argument : arguments(replace)) {
                    out.append(',').append(argument);
                }
                out.append(')');
            }
            case SampleExpr.Literal literal -> out.append(number(literal.value()));
            case SampleExpr.Vector vector ->
                out.append("vector(").append(FloatText.format(vector.value())).append(')');
        }
    }

    /** A literal; what no number can be written for is written as the division that gives it. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "(0 / 0)";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "(1 / 0)" : "(-1 / 0)";
        }
        return FloatText.format(value);
    }

    static List<String> arguments(LabelReplace replace) {
        return List.of(
                Quote.quote(replace.destination()),
                Quote.quote(replace.replacement()),
                Quote.quote(replace.source()),
                Quote.quote(replace.regexp()));
    }

    /** The operator with what stands between it and the right side. */
    static String operator(BinaryOperation binary) {
        StringBuilder sb = new StringBuilder(binary.op().symbol());
        if (binary.returnBool()) {
            sb.append(" bool");
        }
        VectorMatching matching = binary.matching();
        if (matching.equals(VectorMatching.DEFAULT)) {
            return sb.toString();
        }
        sb.append(matching.on() ? " on (" : " ignoring (");
        sb.append(String.join(",", matching.labels())).append(')');
        if (matching.cardinality() != Cardinality.ONE_TO_ONE) {
            sb.append(matching.cardinality() == Cardinality.MANY_TO_ONE ? " group_left (" : " group_right (");
            sb.append(String.join(",", matching.include())).append(')');
        }
        return sb.toString();
    }

    private void vectorAggregation(VectorAggregation vector) {
        out.append(vector.op().text());
        Grouping grouping = vector.grouping();
        if (grouping != null) {
            out.append(' ');
            grouping(grouping);
        }
        out.append('(');
        if (vector.parameter() != null) {
            out.append(vector.parameter()).append(',');
        }
        expr(vector.inner());
        out.append(')');
    }

    private void grouping(Grouping grouping) {
        out.append(grouping.without() ? "without (" : "by (");
        out.append(String.join(",", grouping.labels())).append(')');
    }

    private void rangeAggregation(RangeAggregation aggregation) {
        out.append(aggregation.op().text()).append('(');
        Double parameter = aggregation.parameter();
        if (parameter != null) {
            out.append(FloatText.format(parameter)).append(',');
        }
        LogRange range = aggregation.range();
        log(range.log());
        if (range.unwrap() != null) {
            out.append(' ');
            unwrap(range.unwrap());
        }
        out.append(window(range)).append(')');
        Grouping grouping = aggregation.grouping();
        if (grouping != null) {
            out.append(' ');
            grouping(grouping);
        }
    }

    /** {@code [5m] offset 1h0m0s}. */
    static String window(LogRange range) {
        String offset = range.offsetNanos() == 0 ? "" : " offset " + DurationText.format(range.offsetNanos());
        return "[" + DurationText.formatUnits(range.rangeNanos()) + "]" + offset;
    }

    private void log(LogExpr log) {
        selector(log.matchers());
        for (Stage stage : log.stages()) {
            out.append(' ');
            stage(stage);
            if (out.length() > limit) {
                return;
            }
        }
    }

    private void selector(List<Matcher> matchers) {
        out.append('{');
        list(matchers, ", ", out::append);
        out.append('}');
    }

    private <T> void list(List<T> items, String separator, Consumer<T> each) {
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                out.append(separator);
            }
            each.accept(items.get(i));
        }
    }

    private void stage(Stage stage) {
        switch (stage) {
            case Stage.LineFilter filter -> {
                out.append(filter.op().symbol()).append(' ');
                list(filter.alternatives(), " or ", this::term);
            }
            case Stage.JsonParser json -> {
                out.append("| json");
                extractions(json.extractions());
            }
            case Stage.LogfmtParser logfmt -> {
                out.append("| logfmt");
                out.append(logfmt.strict() ? " --strict" : "");
                out.append(logfmt.keepEmpty() ? " --keep-empty" : "");
                extractions(logfmt.extractions());
            }
            case Stage.RegexpParser regexp -> keyword("regexp", regexp.regexp());
            case Stage.PatternParser pattern -> keyword("pattern", pattern.pattern());
            case Stage.UnpackParser unpack -> out.append("| unpack");
            case Stage.Decolorize decolorize -> out.append("| decolorize");
            case Stage.LabelFilterStage filter -> {
                out.append("| ");
                filter(filter.filter());
            }
            case Stage.LineFormat format -> keyword("line_format", format.template());
            case Stage.LabelFormat format -> {
                out.append("| label_format ");
                list(format.assignments(), ",", this::assignment);
            }
            case Stage.DropLabels drop -> {
                out.append("| drop ");
                list(drop.labels(), ",", this::nameOrMatcher);
            }
            case Stage.KeepLabels keep -> {
                out.append("| keep ");
                list(keep.labels(), ",", this::nameOrMatcher);
            }
            case Stage.Distinct distinct -> {
                out.append("| distinct ");
                list(distinct.labels(), ",", out::append);
            }
            case Stage.Context context -> {
                out.append("| context");
                if (context.before() > 0 || context.after() == 0) {
                    out.append(" before ").append(context.before());
                }
                if (context.after() > 0) {
                    out.append(" after ").append(context.after());
                }
            }
        }
    }

    private void keyword(String keyword, String argument) {
        out.append("| ").append(keyword).append(' ');
        Quote.appendQuoted(out, argument);
    }

    private void term(Stage.LineFilter.Term term) {
        out.append(term.ip() ? "ip(" : "");
        Quote.appendQuoted(out, term.text());
        out.append(term.ip() ? ")" : "");
    }

    private void extractions(List<Stage.Extraction> extractions) {
        if (!extractions.isEmpty()) {
            out.append(' ');
        }
        list(extractions, ",", e -> {
            out.append(e.label()).append('=');
            Quote.appendQuoted(out, e.expression());
        });
    }

    private void assignment(Stage.LabelFormat.Assignment assignment) {
        out.append(assignment.label()).append('=');
        out.append(assignment.rename() ? assignment.value() : Quote.quote(assignment.value()));
    }

    private void nameOrMatcher(Stage.NameOrMatcher item) {
        out.append(item.name() == null ? Objects.requireNonNull(item.matcher()).toString() : item.name());
    }

    private void unwrap(Unwrap unwrap) {
        unwrapOnly(unwrap);
        for (Stage.LabelFilterStage filter : unwrap.filters()) {
            out.append(' ');
            stage(filter);
        }
    }

    private void unwrapOnly(Unwrap unwrap) {
        out.append("| unwrap ");
        if (unwrap.conversion() == Conversion.NUMBER) {
            out.append(unwrap.label());
        } else {
            out.append(unwrap.conversion().name().toLowerCase(Locale.ROOT));
            out.append('(').append(unwrap.label()).append(')');
        }
    }

    private void filter(LabelFilter filter) {
        switch (filter) {
            case LabelFilter.StringFilter f -> out.append(f.matcher());
            case LabelFilter.NumberFilter f -> comparison(f.label(), f.comparison(), plainNumber(f.value()));
            case LabelFilter.DurationFilter f -> comparison(f.label(), f.comparison(), duration(f.nanos()));
            case LabelFilter.BytesFilter f -> comparison(f.label(), f.comparison(), bytes(f.bytes(), f.text()));
            case LabelFilter.IpFilter f -> {
                out.append(f.label()).append(f.negative() ? "!=" : "=").append("ip(");
                Quote.appendQuoted(out, f.range());
                out.append(')');
            }
            case LabelFilter.And f -> pair(f.left(), " , ", f.right());
            case LabelFilter.Or f -> pair(f.left(), " or ", f.right());
        }
    }

    private void comparison(String label, LabelFilter.Comparison comparison, String value) {
        out.append(label).append(comparison.symbol()).append(value);
    }

    private void pair(LabelFilter left, String between, LabelFilter right) {
        out.append("( ");
        filter(left);
        out.append(between);
        filter(right);
        out.append(" )");
    }

    private static String plainNumber(double value) {
        return Double.isInfinite(value) ? (value > 0 ? "1e999" : "-1e999") : FloatText.format(value);
    }

    private static String duration(long nanos) {
        return DurationText.format(nanos);
    }

    /** In units of 1000 where that is exact, else as it was written; {@code 0B} would read as the start of a binary number. */
    private static String bytes(long bytes, String written) {
        if (bytes == 0) {
            return "0kB";
        }
        String rounded = ByteText.format(bytes);
        return ByteText.parse(rounded).orElse(-1) == bytes ? rounded : written;
    }
}
