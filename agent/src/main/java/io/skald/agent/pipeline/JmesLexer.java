/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes an expression of JMESPath apart. Confined to one thread. */
final class JmesLexer {
    private static final int MOST_TOKENS = 1000;

    enum Kind {
        NAME,
        QUOTED,
        LITERAL,
        NUMBER,
        CURRENT,
        REFERENCE,
        DOT,
        STAR,
        COMMA,
        COLON,
        PIPE,
        OR,
        AND,
        NOT,
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        FLATTEN,
        FILTER,
        LEFT_BRACKET,
        RIGHT_BRACKET,
        LEFT_BRACE,
        RIGHT_BRACE,
        LEFT_PAREN,
        RIGHT_PAREN,
        END
    }

    /**
     * A part of an expression.
     *
     * @param at where it begins
     * @param text of a name or a number
     * @param value of a literal
     */
    record Token(Kind kind, int at, String text, @Nullable Object value) {
        int number() {
            return Integer.parseInt(text);
        }
    }

    private final String text;
    private int at;

    JmesLexer(String text) {
        this.text = text;
    }

    /** An error at a place. */
    IllegalArgumentException wrong(int place, String what) {
        return new IllegalArgumentException("'" + text + "' is no JMESPath: "
                + (place >= text.length() ? "it " + what : "'" + text.substring(place) + "' " + what));
    }

    /** All parts and {@link Kind#END}. */
    List<Token> tokens() {
        List<Token> out = new ArrayList<>();
        while (true) {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            if (at == text.length()) {
                out.add(new Token(Kind.END, at, "", null));
                return out;
            }
            if (out.size() == MOST_TOKENS) {
                throw wrong(at, "is more than the " + MOST_TOKENS + " parts that an expression may have");
            }
            out.add(token(text.charAt(at)));
        }
    }

    private Token token(char c) {
        int start = at;
        if (name(c)) {
            while (at < text.length() && (name(text.charAt(at)) || digit(text.charAt(at)))) {
                at++;
            }
            return new Token(Kind.NAME, start, text.substring(start, at), null);
        }
        if (c == '-' || digit(c)) {
            return number(start);
        }
        return switch (c) {
            case '"' -> quoted(start);
            case '\'' -> {
                String raw = until('\'');
                yield new Token(Kind.LITERAL, start, "", raw.replace("\\'", "'"));
            }
            case '`' -> literal(start);
            case '.' -> one(Kind.DOT);
            case '*' -> one(Kind.STAR);
            case ',' -> one(Kind.COMMA);
            case ':' -> one(Kind.COLON);
            case '@' -> one(Kind.CURRENT);
            case ']' -> one(Kind.RIGHT_BRACKET);
            case '{' -> one(Kind.LEFT_BRACE);
            case '}' -> one(Kind.RIGHT_BRACE);
            case '(' -> one(Kind.LEFT_PAREN);
            case ')' -> one(Kind.RIGHT_PAREN);
            case '|' -> two('|', Kind.OR, Kind.PIPE);
            case '&' -> two('&', Kind.AND, Kind.REFERENCE);
            case '!' -> two('=', Kind.NOT_EQUAL, Kind.NOT);
            case '<' -> two('=', Kind.LESS_OR_EQUAL, Kind.LESS);
            case '>' -> two('=', Kind.GREATER_OR_EQUAL, Kind.GREATER);
            case '=' -> two('=', Kind.EQUAL, null);
            case '[' -> follows('?') ? two('?', Kind.FILTER, null) : two(']', Kind.FLATTEN, Kind.LEFT_BRACKET);
            default -> throw wrong(start, "is not expected there");
        };
    }

    private static boolean name(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean digit(char c) {
        return c >= '0' && c <= '9';
    }

    private boolean follows(char c) {
        return at + 1 < text.length() && text.charAt(at + 1) == c;
    }

    private Token one(Kind k) {
        return new Token(k, at++, "", null);
    }

    private Token two(char second, Kind both, @Nullable Kind alone) {
        int start = at;
        boolean follows = follows(second);
        Kind k = follows ? both : alone;
        if (k == null) {
            throw wrong(start, "is not expected there");
        }
        at += follows ? 2 : 1;
        return new Token(k, start, "", null);
    }

    private Token number(int start) {
        at++;
        while (at < text.length() && digit(text.charAt(at))) {
            at++;
        }
        String digits = text.substring(start, at);
        try {
            return new Token(Kind.NUMBER, start, Integer.toString(Integer.parseInt(digits)), null);
        } catch (NumberFormatException e) {
            throw wrong(start, "is no index");
        }
    }

    /** The text up to a character that ends it, and that a backslash takes its meaning. */
    private String until(char end) {
        int start = at++;
        while (at < text.length() && text.charAt(at) != end) {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        if (at >= text.length()) {
            throw wrong(start, "does not end");
        }
        return text.substring(start + 1, at++);
    }

    private Token quoted(int start) {
        String inside = until('"');
        try {
            return new Token(Kind.QUOTED, start, String.valueOf(Values.parseJson('"' + inside + '"')), null);
        } catch (IOException e) {
            throw wrong(start, "is no name in quotes");
        }
    }

    private Token literal(int start) {
        String inside = until('`').replace("\\`", "`");
        try {
            return new Token(Kind.LITERAL, start, "", Values.parseJson(inside.strip()));
        } catch (IOException e) {
            throw wrong(start, "is no JSON between backticks");
        }
    }
}
