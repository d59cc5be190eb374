/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Position;
import org.jspecify.annotations.Nullable;

/** The parsers' common view of the tokens: one token of lookahead, read only when asked for, and the bounds on the tree's size. */
final class TokenCursor {
    /** Longest query, characters. */
    static final int MAX_QUERY_LENGTH = 131_072;

    /** Deepest nesting of functions. */
    static final int MAX_FUNCTIONS = 100;

    /** Most operators between samples or label filters. */
    static final int MAX_OPERATORS = 500;

    /** Deepest nesting of parentheses and functions: the canonical form has parentheses for every operator, and must be readable. */
    static final int MAX_NESTING = MAX_FUNCTIONS + MAX_OPERATORS;

    private final boolean empty;
    private final boolean extensions;
    private final Lexer lexer;
    private @Nullable Token lookahead;
    private @Nullable Token second;
    private int nesting;
    private int functions;
    private int operators;

    /** @param extensions whether the words of Skald's own are known */
    TokenCursor(String query, boolean extensions) {
        if (query.length() > MAX_QUERY_LENGTH) {
            throw SyntaxErrors.meaning(
                    Position.START, "input size too long (" + query.length() + " > " + MAX_QUERY_LENGTH + ")");
        }
        this.empty = query.isEmpty();
        this.extensions = extensions;
        this.lexer = new Lexer(query, extensions);
    }

    Token peek() {
        if (lookahead == null) {
            lookahead = lexer.next();
        }
        return lookahead;
    }

    boolean extensions() {
        return extensions;
    }

    /** The token after the next. */
    Token second() {
        peek();
        if (second == null) {
            second = lexer.next();
        }
        return second;
    }

    boolean at(TokenKind kind) {
        return peek().kind() == kind;
    }

    Token take() {
        Token token = peek();
        lookahead = second;
        second = null;
        return token;
    }

    /** Takes the next token if it is of a kind. */
    boolean accept(TokenKind kind) {
        if (at(kind)) {
            take();
            return true;
        }
        return false;
    }

    /** Takes a token of the only kind that may stand here. */
    Token expect(TokenKind kind) {
        return expect(kind, kind.shown(""));
    }

    /** @param expecting what the message says may stand here; null to say nothing */
    Token expect(TokenKind kind, @Nullable String expecting) {
        if (!at(kind)) {
            throw unexpected(expecting);
        }
        return take();
    }

    /** The refusal of the next token. */
    SyntaxException unexpected(@Nullable String expecting) {
        Token token = peek();
        String message =
                "syntax error: unexpected " + token.shown() + (expecting == null ? "" : ", expecting " + expecting);
        return empty
                ? SyntaxErrors.meaning(token.position(), message)
                : SyntaxErrors.at(token.position(), token.spanned(), message);
    }

    void enter() {
        if (++nesting > MAX_NESTING) {
            throw SyntaxErrors.at(
                    peek().position(), false, "query nested too deeply: more than " + MAX_NESTING + " levels");
        }
    }

    void leave() {
        nesting--;
    }

    void enterFunction() {
        enter();
        if (++functions > MAX_FUNCTIONS) {
            throw SyntaxErrors.at(
                    peek().position(), false, "functions nested too deeply: more than " + MAX_FUNCTIONS + " levels");
        }
    }

    void leaveFunction() {
        functions--;
        leave();
    }

    void countOperator() {
        if (++operators > MAX_OPERATORS) {
            throw SyntaxErrors.at(
                    peek().position(), false, "query too long: more than " + MAX_OPERATORS + " operators");
        }
    }
}
