/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LabelFilter.Comparison;
import org.jspecify.annotations.Nullable;

/**
 * Label filters. {@code and} binds tighter than {@code or}, both to the left; a comma, or no operator at all, means {@code and} but takes
 * everything that follows as its right side.
 */
final class FilterParser {
    private static final int OR = 1;
    private static final int AND = 2;

    private final TokenCursor tokens;

    FilterParser(TokenCursor tokens) {
        this.tokens = tokens;
    }

    LabelFilter filter() {
        return filter(0);
    }

    /** @param above only {@code and} and {@code or} that bind tighter than this are taken */
    private LabelFilter filter(int above) {
        LabelFilter left = operand();
        while (true) {
            switch (tokens.peek().kind()) {
                case COMMA -> {
                    tokens.take();
                    tokens.countOperator();
                    return new LabelFilter.And(left, filter(0));
                }
                case IDENTIFIER, OPEN_PARENTHESIS -> {
                    tokens.countOperator();
                    return new LabelFilter.And(left, filter(0));
                }
                case AND -> {
                    if (above >= AND) {
                        return left;
                    }
                    tokens.take();
                    tokens.countOperator();
                    left = new LabelFilter.And(left, filter(AND));
                }
                case OR -> {
                    if (above >= OR) {
                        return left;
                    }
                    tokens.take();
                    tokens.countOperator();
                    left = new LabelFilter.Or(left, filter(OR));
                }
                default -> {
                    return left;
                }
            }
        }
    }

    private LabelFilter operand() {
        if (tokens.accept(TokenKind.OPEN_PARENTHESIS)) {
            tokens.enter();
            LabelFilter inner = filter(0);
            tokens.expect(TokenKind.CLOSE_PARENTHESIS, null);
            tokens.leave();
            return inner;
        }
        Token name = tokens.expect(TokenKind.IDENTIFIER, "IDENTIFIER or (");
        Token op = tokens.peek();
        Matcher.Op matcherOp = LogParser.matcherOp(op.kind());
        Comparison comparison = comparison(op.kind());
        if (matcherOp == null && comparison == null) {
            throw tokens.unexpected(null);
        }
        tokens.take();
        if (comparison == null) {
            comparison = Comparison.EQUAL;
            if (matcherOp == Matcher.Op.REGEX || matcherOp == Matcher.Op.NOT_REGEX) {
                return new LabelFilter.StringFilter(
                        LogParser.matcher(name, matcherOp, tokens.expect(TokenKind.STRING)));
            }
        }
        return comparisonWith(name, matcherOp, comparison);
    }

    private LabelFilter comparisonWith(Token name, Matcher.@Nullable Op matcherOp, Comparison comparison) {
        Token value = tokens.peek();
        switch (value.kind()) {
            case STRING -> {
                if (matcherOp != null) {
                    return new LabelFilter.StringFilter(LogParser.matcher(name, matcherOp, tokens.take()));
                }
            }
            case IP -> {
                if (matcherOp != null) {
                    return new LabelFilter.IpFilter(name.text(), matcherOp == Matcher.Op.NOT_EQUAL, ip());
                }
            }
            case DURATION -> {
                tokens.take();
                return new LabelFilter.DurationFilter(name.text(), comparison, value.amount(), value.text());
            }
            case BYTES -> {
                tokens.take();
                return new LabelFilter.BytesFilter(name.text(), comparison, value.amount(), value.text());
            }
            case NUMBER -> {
                tokens.take();
                return new LabelFilter.NumberFilter(name.text(), comparison, FloatText.parseLenient(value.text()));
            }
            case ADD, SUB -> {
                tokens.take();
                double number =
                        FloatText.parseLenient(tokens.expect(TokenKind.NUMBER).text());
                return new LabelFilter.NumberFilter(
                        name.text(), comparison, value.kind() == TokenKind.SUB ? -number : number);
            }
            default -> {}
        }
        throw tokens.unexpected(null);
    }

    /** {@code ip("…")}: the string. */
    String ip() {
        tokens.take();
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        String range = tokens.expect(TokenKind.STRING).text();
        tokens.expect(TokenKind.CLOSE_PARENTHESIS);
        return range;
    }

    private static @Nullable Comparison comparison(TokenKind kind) {
        return switch (kind) {
            case EQUAL -> Comparison.EQUAL;
            case NOT_EQUAL -> Comparison.NOT_EQUAL;
            case GREATER -> Comparison.GREATER;
            case GREATER_OR_EQUAL -> Comparison.GREATER_OR_EQUAL;
            case LESS -> Comparison.LESS;
            case LESS_OR_EQUAL -> Comparison.LESS_OR_EQUAL;
            default -> null;
        };
    }
}
