/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.ArrayList;
import java.util.List;

/** Cuts a template into text and the tokens of its actions. */
final class TemplateLexer {
    enum Kind {
        TEXT,
        OPEN,
        CLOSE,
        IDENTIFIER,
        FIELD,
        VARIABLE,
        STRING,
        NUMBER,
        CHAR,
        DOT,
        PIPE,
        LEFT_PAREN,
        RIGHT_PAREN,
        DECLARE,
        ASSIGN,
        COMMA,
        EOF
    }

    /** @param spaced whether white space stands before it */
    record Token(Kind kind, String text, int column, int line, boolean spaced, int end) {}

    private final String name;
    private final String s;
    private final List<Token> out = new ArrayList<>();
    private int at;
    private int line = 1;

    private TemplateLexer(String name, String text) {
        this.name = name;
        this.s = text;
    }

    static List<Token> lex(String name, String text) {
        TemplateLexer l = new TemplateLexer(name, text);
        l.run();
        return l.out;
    }

    private void run() {
        boolean trim = false;
        while (at < s.length()) {
            int open = s.indexOf("{{", at);
            String text = s.substring(at, open < 0 ? s.length() : open);
            countLines(text);
            if (trim) {
                text = text.stripLeading();
            }
            boolean trimBefore = open >= 0
                    && s.startsWith("{{-", open)
                    && open + 3 < s.length()
                    && Character.isWhitespace(s.charAt(open + 3));
            if (trimBefore) {
                text = text.stripTrailing();
            }
            if (!text.isEmpty()) {
                add(Kind.TEXT, text, at, false);
            }
            if (open < 0) {
                at = s.length();
                break;
            }
            at = open + (trimBefore ? 3 : 2);
            trim = action(open);
        }
        add(Kind.EOF, "", at, false);
    }

    private void countLines(String text) {
        line += (int) text.chars().filter(c -> c == '\n').count();
    }

    /** Reads an action behind its opening; true if it trims the text behind it. */
    private boolean action(int open) {
        int comment = at;
        while (comment < s.length() && Character.isWhitespace(s.charAt(comment))) {
            comment++;
        }
        if (s.startsWith("/*", comment)) {
            int end = s.indexOf("*/", comment);
            if (end < 0) {
                throw error("unclosed comment");
            }
            at = end + 2;
            while (at < s.length() && s.charAt(at) == ' ') {
                at++;
            }
            boolean trims = s.startsWith("-}}", at);
            if (!trims && !s.startsWith("}}", at)) {
                throw error("comment ends before closing delimiter");
            }
            at += trims ? 3 : 2;
            return trims;
        }
        add(Kind.OPEN, "{{", open, false);
        int parens = 0;
        while (true) {
            boolean spaced = skipSpace();
            if (at >= s.length()) {
                throw error("unclosed action");
            }
            boolean trims = spaced && s.startsWith("-}}", at);
            if (trims || s.startsWith("}}", at)) {
                if (parens > 0) {
                    throw error("unclosed left paren");
                }
                add(Kind.CLOSE, "}}", at, spaced);
                at += trims ? 3 : 2;
                return trims;
            }
            char c = s.charAt(at);
            if (c == '(') {
                parens++;
            } else if (c == ')' && --parens < 0) {
                throw error("unexpected right paren");
            }
            token(c, spaced);
        }
    }

    private boolean skipSpace() {
        int from = at;
        while (at < s.length() && Character.isWhitespace(s.charAt(at))) {
            if (s.charAt(at) == '\n') {
                line++;
            }
            at++;
        }
        return at > from;
    }

    private void token(char c, boolean spaced) {
        int from = at;
        switch (c) {
            case '(' -> single(Kind.LEFT_PAREN, spaced);
            case ')' -> single(Kind.RIGHT_PAREN, spaced);
            case '|' -> single(Kind.PIPE, spaced);
            case ',' -> single(Kind.COMMA, spaced);
            case '=' -> single(Kind.ASSIGN, spaced);
            case ':' -> {
                if (!s.startsWith(":=", at)) {
                    throw error("expected :=");
                }
                at += 2;
                add(Kind.DECLARE, ":=", from, spaced);
            }
            case '"', '\'' -> quoted(c, spaced);
            case '`' -> {
                int end = s.indexOf('`', at + 1);
                if (end < 0) {
                    throw error("unterminated raw quoted string");
                }
                at = end + 1;
                add(Kind.STRING, s.substring(from + 1, end), from, spaced);
            }
            case '$' -> {
                at++;
                word();
                add(Kind.VARIABLE, s.substring(from, at), from, spaced);
            }
            case '.' -> dot(spaced);
            default -> wordOrNumber(c, spaced);
        }
    }

    private void single(Kind kind, boolean spaced) {
        at++;
        add(kind, s.substring(at - 1, at), at - 1, spaced);
    }

    private void dot(boolean spaced) {
        int from = at++;
        if (at < s.length() && Character.isDigit(s.charAt(at))) {
            at = from;
            number(spaced);
            return;
        }
        word();
        if (at == from + 1) {
            add(Kind.DOT, ".", from, spaced);
        } else {
            add(Kind.FIELD, s.substring(from + 1, at), from, spaced);
        }
    }

    private void wordOrNumber(char c, boolean spaced) {
        int from = at;
        if (Character.isDigit(c) || c == '-' || c == '+') {
            number(spaced);
            return;
        }
        word();
        if (at == from) {
            String bad = s.substring(at, at + 1);
            throw error(
                    c == '}'
                            ? "unexpected \"}\" in operand"
                            : "unexpected bad character U+00"
                                    + Integer.toHexString(bad.charAt(0)).toUpperCase(java.util.Locale.ROOT) + " '" + bad
                                    + "'");
        }
        add(Kind.IDENTIFIER, s.substring(from, at), from, spaced);
    }

    private void word() {
        while (at < s.length() && (Character.isLetterOrDigit(s.charAt(at)) || s.charAt(at) == '_')) {
            at++;
        }
    }

    private void number(boolean spaced) {
        int from = at++;
        while (at < s.length()) {
            char c = s.charAt(at);
            boolean sign = (c == '-' || c == '+') && (s.charAt(at - 1) | 0x20) == 'e' && !s.startsWith("0x", from);
            if (!Character.isLetterOrDigit(c) && c != '.' && c != '_' && !sign) {
                break;
            }
            at++;
        }
        add(Kind.NUMBER, s.substring(from, at), from, spaced);
    }

    private void quoted(char quote, boolean spaced) {
        int from = at++;
        while (at < s.length() && s.charAt(at) != quote) {
            if (s.charAt(at) == '\n') {
                break;
            }
            at += s.charAt(at) == '\\' ? 2 : 1;
        }
        if (at >= s.length() || s.charAt(at) != quote) {
            throw error(quote == '"' ? "unterminated quoted string" : "unterminated character constant");
        }
        at++;
        String text = GoStrings.unquote(s.substring(from + 1, at - 1));
        if (text == null) {
            throw error("invalid syntax");
        }
        add(quote == '"' ? Kind.STRING : Kind.CHAR, text, from, spaced);
    }

    private void add(Kind kind, String text, int from, boolean spaced) {
        int lineStart = s.lastIndexOf('\n', Math.max(0, from - 1)) + 1;
        out.add(new Token(kind, text, from - Math.min(from, lineStart), line, spaced, at));
    }

    private TemplateSyntaxException error(String problem) {
        return new TemplateSyntaxException("template: " + name + ":" + line + ": " + problem);
    }
}
