/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;

/** Compiles line filters. */
final class LineFilters {
    private LineFilters() {}

    /** @throws PipelineException if an expression, pattern or range is not one */
    static StepFactory compile(Stage.LineFilter filter) {
        List<RegexpMatcher.Factory> factories = new ArrayList<>();
        for (Stage.LineFilter.Term term : filter.alternatives()) {
            factories.add(term(filter.op(), term));
        }
        boolean negative = filter.op().negative();
        return labels -> {
            LineMatcher[] matchers =
                    factories.stream().map(RegexpMatcher.Factory::create).toArray(LineMatcher[]::new);
            LineMatcher any = any(matchers);
            return s -> any.matches(s.buffer(), s.offset(), s.end()) != negative;
        };
    }

    private static RegexpMatcher.Factory term(Stage.LineOp op, Stage.LineFilter.Term term) {
        if (term.ip()) {
            if (op != Stage.LineOp.CONTAINS && op != Stage.LineOp.NOT_CONTAINS) {
                throw new PipelineException("ip: invalid operation");
            }
            IpRange range = IpRange.parse(term.text());
            return () -> range::foundIn;
        }
        return switch (op) {
            case CONTAINS, NOT_CONTAINS -> {
                Needle needle = new Needle(term.text());
                yield () -> needle;
            }
            case MATCHES, NOT_MATCHES -> RegexpMatcher.factory(term.text());
            case PATTERN, NOT_PATTERN -> {
                LinePattern pattern = LinePattern.forFilter(term.text());
                yield () -> pattern;
            }
        };
    }

    /** Matches where one of several does. */
    static LineMatcher any(LineMatcher[] matchers) {
        if (matchers.length == 1) {
            return matchers[0];
        }
        return (b, from, to) -> {
            for (LineMatcher m : matchers) {
                if (m.matches(b, from, to)) {
                    return true;
                }
            }
            return false;
        };
    }
}
