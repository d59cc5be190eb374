/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Matcher;
import io.skald.core.model.Regexp;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOp;
import io.skald.logql.ast.SampleExpr.Cardinality;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.ast.SampleExpr.Unwrap;
import io.skald.logql.ast.SampleExpr.VectorMatching;
import io.skald.logql.ast.SampleExpr.VectorOp;
import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The grammar from the top: expressions, aggregations, operators, and the ranges under them. */
final class SampleParser {
    private final TokenCursor tokens;
    private final LogParser logs;

    SampleParser(TokenCursor tokens) {
        this.tokens = tokens;
        this.logs = new LogParser(tokens);
    }

    Expr expression() {
        return operations(operand(), 0);
    }

    /** Goes on from a left side with operators that bind tighter than {@code above}. */
    private Expr operations(Expr first, int above) {
        Expr left = first;
        while (true) {
            Token token = tokens.peek();
            BinaryOp op = binaryOp(token.kind());
            if (op == null || op.precedence() <= above) {
                return left;
            }
            tokens.take();
            tokens.countOperator();
            boolean returnBool = tokens.accept(TokenKind.BOOL);
            VectorMatching matching = matching();
            int rightAbove = op == BinaryOp.POW ? op.precedence() - 1 : op.precedence();
            Expr right = operations(operand(), rightAbove);
            left = Operations.combine(op, left, right, returnBool, matching, token.position());
        }
    }

    private static @Nullable BinaryOp binaryOp(TokenKind kind) {
        return switch (kind) {
            case OR -> BinaryOp.OR;
            case AND -> BinaryOp.AND;
            case UNLESS -> BinaryOp.UNLESS;
            case EQUAL -> BinaryOp.EQUAL;
            case NOT_EQUAL -> BinaryOp.NOT_EQUAL;
            case GREATER -> BinaryOp.GREATER;
            case GREATER_OR_EQUAL -> BinaryOp.GREATER_OR_EQUAL;
            case LESS -> BinaryOp.LESS;
            case LESS_OR_EQUAL -> BinaryOp.LESS_OR_EQUAL;
            case ADD -> BinaryOp.ADD;
            case SUB -> BinaryOp.SUB;
            case MUL -> BinaryOp.MUL;
            case DIV -> BinaryOp.DIV;
            case MOD -> BinaryOp.MOD;
            case POW -> BinaryOp.POW;
            default -> null;
        };
    }

    private VectorMatching matching() {
        if (!tokens.at(TokenKind.ON) && !tokens.at(TokenKind.IGNORING)) {
            return VectorMatching.DEFAULT;
        }
        boolean on = tokens.take().kind() == TokenKind.ON;
        List<String> labels = labels();
        Cardinality cardinality = switch (tokens.peek().kind()) {
            case GROUP_LEFT -> Cardinality.MANY_TO_ONE;
            case GROUP_RIGHT -> Cardinality.ONE_TO_MANY;
            default -> Cardinality.ONE_TO_ONE;
        };
        List<String> include = List.of();
        if (cardinality != Cardinality.ONE_TO_ONE) {
            tokens.take();
            if (tokens.at(TokenKind.OPEN_PARENTHESIS)) {
                include = labels();
            }
        }
        return new VectorMatching(cardinality, on, labels, include);
    }

    /** {@code (a, b)}. */
    private List<String> labels() {
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        List<String> labels = new ArrayList<>();
        if (tokens.accept(TokenKind.CLOSE_PARENTHESIS)) {
            return labels;
        }
        labels.add(tokens.expect(TokenKind.IDENTIFIER, "IDENTIFIER or )").text());
        while (!tokens.accept(TokenKind.CLOSE_PARENTHESIS)) {
            tokens.expect(TokenKind.COMMA, ", or )");
            labels.add(tokens.expect(TokenKind.IDENTIFIER).text());
        }
        return labels;
    }

    private @Nullable Grouping grouping() {
        if (!tokens.at(TokenKind.BY) && !tokens.at(TokenKind.WITHOUT)) {
            return null;
        }
        boolean without = tokens.take().kind() == TokenKind.WITHOUT;
        return new Grouping(labels(), without);
    }

    private Expr operand() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case OPEN_BRACE -> logs.logExpr();
            case OPEN_PARENTHESIS -> {
                tokens.take();
                tokens.enter();
                Expr inner = expression();
                tokens.expect(TokenKind.CLOSE_PARENTHESIS, null);
                tokens.leave();
                yield inner;
            }
            case NUMBER, ADD, SUB -> literal();
            case RANGE_OP -> nested(this::rangeAggregation);
            case VECTOR_OP -> nested(this::vectorAggregation);
            case LABEL_REPLACE -> nested(this::labelReplace);
            case VECTOR -> vector();
            default -> throw tokens.unexpected(null);
        };
    }

    private SampleExpr nested(java.util.function.Supplier<SampleExpr> rule) {
        tokens.enterFunction();
        SampleExpr expr = rule.get();
        tokens.leaveFunction();
        return expr;
    }

    private SampleExpr literal() {
        Token sign = tokens.peek();
        if (sign.kind() == TokenKind.ADD || sign.kind() == TokenKind.SUB) {
            tokens.take();
        }
        double value = number(tokens.expect(TokenKind.NUMBER));
        return new SampleExpr.Literal(sign.kind() == TokenKind.SUB ? -value : value, sign.position());
    }

    private static double number(Token token) {
        try {
            return FloatText.parse(token.text());
        } catch (IllegalArgumentException e) {
            throw SyntaxErrors.meaning(token.position(), String.valueOf(e.getMessage()));
        }
    }

    private SampleExpr vector() {
        Position position = tokens.take().position();
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        double value = number(tokens.expect(TokenKind.NUMBER));
        tokens.expect(TokenKind.CLOSE_PARENTHESIS);
        return new SampleExpr.Vector(value, position);
    }

    private SampleExpr labelReplace() {
        Position position = tokens.take().position();
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        SampleExpr inner = samples();
        tokens.expect(TokenKind.COMMA, null);
        String destination = tokens.expect(TokenKind.STRING).text();
        tokens.expect(TokenKind.COMMA);
        String replacement = tokens.expect(TokenKind.STRING).text();
        tokens.expect(TokenKind.COMMA);
        String source = tokens.expect(TokenKind.STRING).text();
        tokens.expect(TokenKind.COMMA);
        Token regexp = tokens.expect(TokenKind.STRING);
        tokens.expect(TokenKind.CLOSE_PARENTHESIS);
        try {
            Regexps.compile("^(?:" + regexp.text() + ")$");
        } catch (PatternSyntaxException e) {
            throw SyntaxErrors.meaning(regexp.position(), "invalid regex in label_replace: " + Regexp.message(e));
        }
        return new SampleExpr.LabelReplace(inner, destination, replacement, source, regexp.text(), position);
    }

    /** An expression where lines may not stand. */
    private SampleExpr samples() {
        return samples(expression());
    }

    private SampleExpr samples(Expr expr) {
        if (expr instanceof SampleExpr samples) {
            return samples;
        }
        throw tokens.unexpected(null);
    }

    private SampleExpr vectorAggregation() {
        Token name = tokens.take();
        VectorOp op = VectorOp.valueOf(name.text().toUpperCase(Locale.ROOT));
        Grouping grouping = grouping();
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        String parameter = null;
        SampleExpr inner;
        if (tokens.at(TokenKind.NUMBER)) {
            Token number = tokens.take();
            if (tokens.accept(TokenKind.COMMA)) {
                parameter = number.text();
                inner = samples();
            } else {
                SampleExpr literal = new SampleExpr.Literal(number(number), number.position());
                inner = samples(operations(literal, 0));
            }
        } else {
            inner = samples();
        }
        tokens.expect(TokenKind.CLOSE_PARENTHESIS, null);
        if (grouping == null) {
            grouping = grouping();
        }
        return Operations.aggregate(op, parameter, inner, grouping, name.position());
    }

    private SampleExpr rangeAggregation() {
        Token name = tokens.take();
        RangeOp op = RangeOp.valueOf(name.text().toUpperCase(Locale.ROOT));
        tokens.expect(TokenKind.OPEN_PARENTHESIS);
        String parameter = null;
        if (tokens.at(TokenKind.NUMBER)) {
            parameter = tokens.take().text();
            tokens.expect(TokenKind.COMMA);
        } else if (!tokens.at(TokenKind.OPEN_BRACE) && !tokens.at(TokenKind.OPEN_PARENTHESIS)) {
            throw tokens.unexpected("NUMBER or { or (");
        }
        RangeParts parts = rangeParts();
        if (parts.range == null) {
            throw tokens.unexpected(null);
        }
        tokens.expect(TokenKind.CLOSE_PARENTHESIS, parts.open ? null : ")");
        Grouping grouping = grouping();
        return Operations.aggregate(op, parameter, parts.toRange(parts.range), grouping, name.position());
    }

    /** What has been read of a range. Parentheses may stand around a part of it. */
    private static final class RangeParts {
        private final Position position;
        private List<Matcher> matchers = List.of();
        private List<Stage> stages = List.of();
        private @Nullable Unwrap unwrap;
        private @Nullable Token range;
        private long offsetNanos;
        /** Whether a pipeline was the last that was read, so that it might have gone on. */
        private boolean open;

        RangeParts(Position position) {
            this.position = position;
        }

        void setPipeline(LogParser.Pipeline pipeline) {
            stages = pipeline.stages();
            unwrap = pipeline.unwrap();
            open = !pipeline.isEmpty();
        }

        boolean hasPipeline() {
            return !stages.isEmpty() || unwrap != null;
        }

        LogRange toRange(Token window) {
            LogExpr log = new LogExpr(matchers, stages, position);
            return new LogRange(log, unwrap, window.amount(), offsetNanos, position);
        }
    }

    private RangeParts rangeParts() {
        Position position = tokens.peek().position();
        RangeParts parts;
        if (tokens.accept(TokenKind.OPEN_PARENTHESIS)) {
            tokens.enter();
            parts = rangeParts();
            tokens.expect(TokenKind.CLOSE_PARENTHESIS, parts.range == null || parts.open ? null : ")");
            tokens.leave();
            if (parts.range != null) {
                parts.open = false;
                return parts;
            }
        } else {
            if (!tokens.at(TokenKind.OPEN_BRACE)) {
                throw tokens.unexpected("{ or (");
            }
            parts = new RangeParts(position);
            parts.matchers = logs.selector();
            parts.setPipeline(logs.pipeline(true));
        }
        if (tokens.at(TokenKind.RANGE)) {
            boolean pipelineBefore = parts.hasPipeline();
            parts.range = tokens.take();
            parts.open = false;
            if (tokens.accept(TokenKind.OFFSET)) {
                parts.offsetNanos = tokens.expect(TokenKind.DURATION).amount();
            }
            if (!pipelineBefore) {
                parts.setPipeline(logs.pipeline(true));
            }
        }
        return parts;
    }
}
