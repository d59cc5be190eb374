/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import java.util.List;

/**
 * Reads LogQL. All methods are thread-safe, take time proportional to the text, and fail with {@link SyntaxException} only. What they
 * return has been checked: regular expressions compile, templates and patterns parse, aggregations have the parameters, the unwrap and the
 * grouping that they need, every selector has a matcher that an empty value does not fulfil. Arithmetic between literals is done.
 * Limits: {@value TokenCursor#MAX_QUERY_LENGTH} characters, {@value TokenCursor#MAX_NESTING} levels of parentheses and functions,
 * {@value TokenCursor#MAX_FUNCTIONS} of functions alone, {@value TokenCursor#MAX_OPERATORS} operators; so the depth of a tree is at most the
 * sum of the last two.
 */
public final class Parser {
    private Parser() {}

    /** Any query in Loki's language. */
    public static Expr parse(String query) {
        return parse(query, false);
    }

    /** Any query in Loki's language with Skald's extensions: {@code distinct}, {@code context}, {@code present_over_time}. */
    public static Expr parseExtended(String query) {
        return parse(query, true);
    }

    private static Expr parse(String query, boolean extensions) {
        TokenCursor tokens = new TokenCursor(query, extensions);
        Expr expr = new SampleParser(tokens).expression();
        end(tokens);
        Validator.check(expr);
        return expr;
    }

    /** A log query; a metric query is refused. */
    public static LogExpr parseLog(String query) {
        if (parse(query) instanceof LogExpr log) {
            return log;
        }
        throw new SyntaxException("only log selector is supported", Position.START);
    }

    /**
     * A selector alone, as in {@code match[]}: {@code {a="b", c=~"d.*"}}. At least one matcher must not accept an empty value.
     *
     * @return at least one matcher, in order of writing
     */
    public static List<Matcher> parseSelector(String text) {
        if (parse(text) instanceof LogExpr log && log.stages().isEmpty()) {
            return log.matchers();
        }
        throw new SyntaxException("only label matchers are supported", Position.START);
    }

    /**
     * The syntax of a selector without a look at what it selects: {@code {}} and {@code {a=""}} are fine. For labels written as text in a
     * push; the caller checks that all operators are {@code =}.
     */
    public static List<Matcher> parseMatchers(String text) {
        TokenCursor tokens = new TokenCursor(text, false);
        List<Matcher> matchers = new LogParser(tokens).selector();
        end(tokens);
        return matchers;
    }

    /** A log query that is asked of entries at hand, so that its selector may take all of them: {@code {}} and {@code {a!="b"}} are fine. */
    public static LogExpr parseFilter(String query) {
        TokenCursor tokens = new TokenCursor(query, false);
        Expr expr = new SampleParser(tokens).expression();
        end(tokens);
        if (expr instanceof LogExpr log) {
            return log;
        }
        throw new SyntaxException("only log selector is supported", Position.START);
    }

    private static void end(TokenCursor tokens) {
        if (!tokens.at(TokenKind.END)) {
            throw tokens.unexpected(null);
        }
    }
}
