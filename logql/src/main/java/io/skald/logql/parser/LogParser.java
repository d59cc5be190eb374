/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Matcher;
import io.skald.core.model.Regexp;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr.Conversion;
import io.skald.logql.ast.SampleExpr.Unwrap;
import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the grammar that reads lines: selectors and pipelines. */
final class LogParser {
    private static final String MATCHER_OPS = "= or =~ or !~ or !=";

    private final TokenCursor tokens;
    private final FilterParser filters;

    LogParser(TokenCursor tokens) {
        this.tokens = tokens;
        this.filters = new FilterParser(tokens);
    }

    /** A pipeline as far as it goes. */
    record Pipeline(List<Stage> stages, @Nullable Unwrap unwrap) {
        boolean isEmpty() {
            return stages.isEmpty() && unwrap == null;
        }
    }

    LogExpr logExpr() {
        Position position = tokens.peek().position();
        List<Matcher> matchers = selector();
        return new LogExpr(matchers, pipeline(false).stages(), position);
    }

    List<Matcher> selector() {
        tokens.expect(TokenKind.OPEN_BRACE, null);
        List<Matcher> matchers = new ArrayList<>();
        if (tokens.accept(TokenKind.CLOSE_BRACE)) {
            return matchers;
        }
        matchers.add(matcher("IDENTIFIER or }"));
        while (!tokens.accept(TokenKind.CLOSE_BRACE)) {
            tokens.expect(TokenKind.COMMA, "} or ,");
            matchers.add(matcher("IDENTIFIER"));
        }
        return matchers;
    }

    private Matcher matcher(String expecting) {
        Token name = tokens.expect(TokenKind.IDENTIFIER, expecting);
        Matcher.Op op = matcherOp(tokens.peek().kind());
        if (op == null) {
            throw tokens.unexpected(MATCHER_OPS);
        }
        tokens.take();
        return matcher(name, op, tokens.expect(TokenKind.STRING));
    }

    static Matcher.@Nullable Op matcherOp(TokenKind kind) {
        return switch (kind) {
            case ASSIGN -> Matcher.Op.EQUAL;
            case NOT_EQUAL -> Matcher.Op.NOT_EQUAL;
            case MATCH -> Matcher.Op.REGEX;
            case NOT_MATCH -> Matcher.Op.NOT_REGEX;
            default -> null;
        };
    }

    static Matcher matcher(Token name, Matcher.Op op, Token value) {
        try {
            if (op == Matcher.Op.REGEX || op == Matcher.Op.NOT_REGEX) {
                Regexps.compile(value.text());
            }
            return new Matcher(name.text(), op, value.text());
        } catch (PatternSyntaxException e) {
            throw SyntaxErrors.meaning(value.position(), Regexp.message(e));
        }
    }

    /** @param unwrapAllowed whether samples are wanted */
    Pipeline pipeline(boolean unwrapAllowed) {
        List<Stage> stages = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            Stage.LineOp lineOp = lineOp(token.kind());
            if (lineOp != null) {
                tokens.take();
                stages.add(lineFilter(lineOp, token.position()));
            } else if (tokens.accept(TokenKind.PIPE)) {
                if (unwrapAllowed && tokens.at(TokenKind.UNWRAP)) {
                    return new Pipeline(stages, unwrap());
                }
                stages.add(stage());
            } else {
                return new Pipeline(stages, null);
            }
        }
    }

    private static Stage.@Nullable LineOp lineOp(TokenKind kind) {
        return switch (kind) {
            case PIPE_EXACT -> Stage.LineOp.CONTAINS;
            case NOT_EQUAL -> Stage.LineOp.NOT_CONTAINS;
            case PIPE_MATCH -> Stage.LineOp.MATCHES;
            case NOT_MATCH -> Stage.LineOp.NOT_MATCHES;
            case PIPE_PATTERN -> Stage.LineOp.PATTERN;
            case NOT_PATTERN -> Stage.LineOp.NOT_PATTERN;
            default -> null;
        };
    }

    private Stage lineFilter(Stage.LineOp op, Position position) {
        List<Stage.LineFilter.Term> terms = new ArrayList<>();
        do {
            if (tokens.at(TokenKind.IP)) {
                terms.add(new Stage.LineFilter.Term(filters.ip(), true));
            } else {
                terms.add(new Stage.LineFilter.Term(
                        tokens.expect(TokenKind.STRING, "STRING or ip").text(), false));
            }
        } while (tokens.accept(TokenKind.OR));
        return new Stage.LineFilter(op, terms, position);
    }

    private Stage stage() {
        Token token = tokens.peek();
        Position position = token.position();
        return switch (token.kind()) {
            case JSON -> {
                tokens.take();
                yield new Stage.JsonParser(extractions(), position);
            }
            case LOGFMT -> logfmt(position);
            case REGEXP -> checked(new Stage.RegexpParser(argument(), position));
            case PATTERN -> checked(new Stage.PatternParser(argument(), position));
            case UNPACK -> {
                tokens.take();
                yield new Stage.UnpackParser(position);
            }
            case DECOLORIZE -> {
                tokens.take();
                yield new Stage.Decolorize(position);
            }
            case LINE_FORMAT -> new Stage.LineFormat(argument(), position);
            case LABEL_FORMAT -> labelFormat(position);
            case DROP -> new Stage.DropLabels(namesOrMatchers(), position);
            case KEEP -> new Stage.KeepLabels(namesOrMatchers(), position);
            case IDENTIFIER ->
                ExtensionParser.begins(tokens)
                        ? ExtensionParser.stage(tokens)
                        : new Stage.LabelFilterStage(filters.filter(), position);
            case OPEN_PARENTHESIS -> new Stage.LabelFilterStage(filters.filter(), position);
            default -> throw tokens.unexpected(null);
        };
    }

    private static Stage checked(Stage stage) {
        StageCheck.check(stage);
        return stage;
    }

    /** The string after a keyword. */
    private String argument() {
        tokens.take();
        return tokens.expect(TokenKind.STRING).text();
    }

    private Stage logfmt(Position position) {
        tokens.take();
        boolean strict = false;
        boolean keepEmpty = false;
        while (tokens.at(TokenKind.PARSER_FLAG)) {
            if (tokens.take().text().equals("--strict")) {
                strict = true;
            } else {
                keepEmpty = true;
            }
        }
        return new Stage.LogfmtParser(strict, keepEmpty, extractions(), position);
    }

    private List<Stage.Extraction> extractions() {
        List<Stage.Extraction> extractions = new ArrayList<>();
        if (!tokens.at(TokenKind.IDENTIFIER)) {
            return extractions;
        }
        do {
            String label = tokens.expect(TokenKind.IDENTIFIER).text();
            String expression = tokens.accept(TokenKind.ASSIGN)
                    ? tokens.expect(TokenKind.STRING).text()
                    : label;
            extractions.add(new Stage.Extraction(label, expression));
        } while (tokens.accept(TokenKind.COMMA));
        return extractions;
    }

    private Stage labelFormat(Position position) {
        tokens.take();
        List<Stage.LabelFormat.Assignment> assignments = new ArrayList<>();
        do {
            String label = tokens.expect(TokenKind.IDENTIFIER).text();
            tokens.expect(TokenKind.ASSIGN);
            boolean rename = tokens.at(TokenKind.IDENTIFIER);
            if (!rename && !tokens.at(TokenKind.STRING)) {
                throw tokens.unexpected("IDENTIFIER or STRING");
            }
            assignments.add(
                    new Stage.LabelFormat.Assignment(label, tokens.take().text(), rename));
        } while (tokens.accept(TokenKind.COMMA));
        return new Stage.LabelFormat(assignments, position);
    }

    private List<Stage.NameOrMatcher> namesOrMatchers() {
        tokens.take();
        List<Stage.NameOrMatcher> list = new ArrayList<>();
        do {
            Token name = tokens.expect(TokenKind.IDENTIFIER);
            Matcher.Op op = matcherOp(tokens.peek().kind());
            if (op == null) {
                list.add(new Stage.NameOrMatcher(name.text(), null));
            } else {
                tokens.take();
                list.add(new Stage.NameOrMatcher(null, matcher(name, op, tokens.expect(TokenKind.STRING))));
            }
        } while (tokens.accept(TokenKind.COMMA));
        return list;
    }

    private Unwrap unwrap() {
        Position position = tokens.take().position();
        Conversion conversion = conversion(tokens.peek().kind());
        String label;
        if (conversion == Conversion.NUMBER) {
            label = tokens.expect(
                            TokenKind.IDENTIFIER, "IDENTIFIER or BYTES_CONV or DURATION_CONV or DURATION_SECONDS_CONV")
                    .text();
        } else {
            tokens.take();
            tokens.expect(TokenKind.OPEN_PARENTHESIS);
            label = tokens.expect(TokenKind.IDENTIFIER).text();
            tokens.expect(TokenKind.CLOSE_PARENTHESIS);
        }
        List<Stage.LabelFilterStage> after = new ArrayList<>();
        while (tokens.accept(TokenKind.PIPE)) {
            Position filterPosition = tokens.peek().position();
            after.add(new Stage.LabelFilterStage(filters.filter(), filterPosition));
        }
        return new Unwrap(label, conversion, after, position);
    }

    private static Conversion conversion(TokenKind kind) {
        return switch (kind) {
            case BYTES_CONV -> Conversion.BYTES;
            case DURATION_CONV -> Conversion.DURATION;
            case DURATION_SECONDS_CONV -> Conversion.DURATION_SECONDS;
            default -> Conversion.NUMBER;
        };
    }
}
