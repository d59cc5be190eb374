/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.Stage;
import io.skald.logql.parser.Parser;
import java.util.ArrayList;
import java.util.List;

/**
 * The query of a request. It is in Loki's language, in which {@code | distinct a} is an error, unless the parameter
 * {@code extensions}, a header or the tenant's limits allow Skald's extensions. The stages that Loki does not have may also come as parameters,
 * for clients that check the query themselves.
 */
final class QueryText {
    private static final String HEADER = "x-skald-extensions";

    private QueryText() {}

    /** @param limits of the tenants, none if the request is not about one */
    static Expr parse(HttpRequest request, List<Limits> limits) {
        String text = request.paramOr("query", "");
        Expr expr = extended(request, limits) ? Parser.parseExtended(text) : Parser.parse(text);
        String distinct = request.paramOr("distinct", "");
        String before = request.paramOr("context_before", "");
        String after = request.paramOr("context_after", "");
        if (distinct.isEmpty() && before.isEmpty() && after.isEmpty()) {
            return expr;
        }
        if (!(expr instanceof LogExpr log)) {
            throw LimitChecks.bad("distinct, context_before and context_after are for log queries");
        }
        if (!distinct.isEmpty() && !(before.isEmpty() && after.isEmpty())) {
            throw LimitChecks.bad("distinct does not go together with context_before and context_after");
        }
        Stage last = log.stages().isEmpty() ? null : log.stages().getLast();
        if (last instanceof Stage.Distinct || last instanceof Stage.Context) {
            throw LimitChecks.bad("the query has distinct or context already");
        }
        List<Stage> stages = new ArrayList<>(log.stages());
        stages.add(
                distinct.isEmpty()
                        ? new Stage.Context(
                                lines("context_before", before), lines("context_after", after), Position.START)
                        : new Stage.Distinct(labels(distinct), Position.START));
        return new LogExpr(log.matchers(), stages, log.position());
    }

    private static boolean extended(HttpRequest request, List<Limits> limits) {
        String asked = request.paramOr("extensions", "");
        if (asked.isEmpty()) {
            String header = request.header(HEADER);
            asked = header == null ? "" : header.strip();
        }
        return switch (asked) {
            case "" -> !limits.isEmpty() && limits.stream().allMatch(Limits::logqlExtensions);
            case "true" -> true;
            case "false" -> false;
            default -> throw LimitChecks.bad("extensions must be true or false, not '" + asked + "'");
        };
    }

    private static List<String> labels(String text) {
        List<String> names = new ArrayList<>();
        for (String name : text.split(",", -1)) {
            if (!name.strip().matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
                throw LimitChecks.bad("invalid label name in distinct: '" + name + "'");
            }
            names.add(name.strip());
        }
        return names;
    }

    private static int lines(String name, String text) {
        int lines = text.isEmpty() ? 0 : QueryHandlers.integer(text);
        if (lines < 0 || lines > Stage.Context.MAX_LINES) {
            throw LimitChecks.bad(name + " must be 0 to " + Stage.Context.MAX_LINES + ", not " + lines);
        }
        return lines;
    }
}
