/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One stage of a log pipeline. */
public sealed interface Stage {
    Position position();

    /** {@code |= "a" or "b"}. With a negative operator none of the alternatives may match. */
    record LineFilter(LineOp op, List<Term> alternatives, Position position) implements Stage {
        public LineFilter {
            alternatives = List.copyOf(alternatives);
        }

        /**
         * What a line is searched for.
         *
         * @param text the substring, regular expression, pattern or address range
         * @param ip whether it was written {@code ip("…")}
         */
        public record Term(String text, boolean ip) {}
    }

    /** Operators of line filters. */
    enum LineOp {
        CONTAINS("|="),
        NOT_CONTAINS("!="),
        MATCHES("|~"),
        NOT_MATCHES("!~"),
        PATTERN("|>"),
        NOT_PATTERN("!>");

        private final String symbol;

        LineOp(String symbol) {
            this.symbol = symbol;
        }

        public String symbol() {
            return symbol;
        }

        public boolean negative() {
            return this == NOT_CONTAINS || this == NOT_MATCHES || this == NOT_PATTERN;
        }
    }

    /** {@code name="expression"} of the json and logfmt parsers; {@code | json a} is {@code a="a"}. */
    record Extraction(String label, String expression) {}

    /** {@code | json} or {@code | json a="b.c[0]"}; without extractions every property becomes a label. */
    record JsonParser(List<Extraction> extractions, Position position) implements Stage {
        public JsonParser {
            extractions = List.copyOf(extractions);
        }
    }

    /** {@code | logfmt --strict --keep-empty a, b="c"}. */
    record LogfmtParser(boolean strict, boolean keepEmpty, List<Extraction> extractions, Position position)
            implements Stage {
        public LogfmtParser {
            extractions = List.copyOf(extractions);
        }
    }

    /** {@code | regexp "(?P<name>…)"}. */
    record RegexpParser(String regexp, Position position) implements Stage {}

    /** {@code | pattern "<ip> <_> <path>"}. */
    record PatternParser(String pattern, Position position) implements Stage {}

    /** {@code | unpack}. */
    record UnpackParser(Position position) implements Stage {}

    /** {@code | status >= 500 and app="web"}. */
    record LabelFilterStage(LabelFilter filter, Position position) implements Stage {}

    /** {@code | line_format "{{.a}}"}. */
    record LineFormat(String template, Position position) implements Stage {}

    /** {@code | label_format a=b, c="{{.d}}"}. */
    record LabelFormat(List<Assignment> assignments, Position position) implements Stage {
        public LabelFormat {
            assignments = List.copyOf(assignments);
        }

        /**
         * @param label what is written
         * @param value another label's name, or a template
         * @param rename whether {@code value} is a label's name, which is removed
         */
        public record Assignment(String label, String value, boolean rename) {}
    }

    /** A name, or a condition on a label, of drop and keep; exactly one is there. */
    record NameOrMatcher(@Nullable String name, io.skald.core.model.@Nullable Matcher matcher) {}

    /** {@code | drop a, b="c"}. */
    record DropLabels(List<NameOrMatcher> labels, Position position) implements Stage {
        public DropLabels {
            labels = List.copyOf(labels);
        }
    }

    /** {@code | keep a, b=~"c.*"}. */
    record KeepLabels(List<NameOrMatcher> labels, Position position) implements Stage {
        public KeepLabels {
            labels = List.copyOf(labels);
        }
    }

    /** {@code | decolorize}. */
    record Decolorize(Position position) implements Stage {}

    /**
     * {@code | distinct a, b}: of the lines with equal values of these labels only the first in the direction of the answer. The last stage of
     * a log query.
     */
    record Distinct(List<String> labels, Position position) implements Stage {
        public Distinct {
            labels = List.copyOf(labels);
        }
    }

    /**
     * {@code | context before 2 after 1}: with each line also those around it in its stream, whatever the filters say of them. The last stage
     * of a log query.
     *
     * @param before earlier lines, 0 to {@value #MAX_LINES}
     * @param after later lines, likewise
     */
    record Context(int before, int after, Position position) implements Stage {
        public static final int MAX_LINES = 1000;
    }
}
