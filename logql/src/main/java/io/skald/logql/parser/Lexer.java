/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Position;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Cuts query text into tokens, one at a time. White space and comments ({@code #}, {@code //}, {@code /* … *}{@code /}) separate them. */
final class Lexer {
    private static final Set<String> FLAGS = Set.of("--strict", "--keep-empty");
    private static final String DURATION_LETTERS = "numshdwyµμ.";
    private static final String BYTES_LETTERS = "bBiIkKmMgGtTpPeE.";

    private final boolean extensions;
    private final String query;
    private int at;
    private int line = 1;
    private int column = 1;

    Lexer(String query, boolean extensions) {
        this.extensions = extensions;
        // halves of surrogate pairs, which no encoding can carry, become U+FFFD
        this.query = new String(query.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
    }

    /** The next token; {@code END} for ever after the last. */
    Token next() {
        skipSpace();
        Position position = new Position(line, column);
        if (at >= query.length()) {
            return new Token(TokenKind.END, "", 0, false, position);
        }
        char c = query.charAt(at);
        int codePoint = query.codePointAt(at);
        if (c == '_' || Character.isLetter(codePoint)) {
            return word(position);
        }
        if (isDigit(at) || c == '.' && isDigit(at + 1)) {
            return number(position);
        }
        return switch (c) {
            case '"' -> string(position);
            case '`' -> rawString(position);
            case '\'' -> character(position);
            case '[' -> range(position);
            case '-' -> minus(position);
            default -> symbol(c, position);
        };
    }

    private void skipSpace() {
        while (at < query.length()) {
            char c = query.charAt(at);
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                advance(at + 1);
            } else if (c == '#' || c == '/' && charAt(at + 1) == '/') {
                int end = query.indexOf('\n', at);
                advance(end < 0 ? query.length() : end);
            } else if (c == '/' && charAt(at + 1) == '*') {
                int end = query.indexOf("*/", at + 2);
                if (end < 0) {
                    throw SyntaxErrors.at(new Position(line, column), false, "comment not terminated");
                }
                advance(end + 2);
            } else {
                return;
            }
        }
    }

    /** Moves to {@code end}, counting lines and columns; a column is a code point. */
    private void advance(int end) {
        while (at < end) {
            int c = query.codePointAt(at);
            at += Character.charCount(c);
            if (c == '\n') {
                line++;
                column = 1;
            } else {
                column++;
            }
        }
    }

    private Token take(TokenKind kind, int end, Position position) {
        String text = query.substring(at, end);
        advance(end);
        return new Token(kind, text, 0, text.length() > 1 && !Character.isLetter(text.charAt(0)), position);
    }

    private Token word(Position position) {
        int end = at;
        while (end < query.length()) {
            int c = query.codePointAt(end);
            if (c != '_' && !Character.isLetter(c) && !Character.isDigit(c)) {
                break;
            }
            end += Character.charCount(c);
        }
        String text = query.substring(at, end);
        advance(end);
        TokenKind kind = TokenKind.keyword(text);
        if (kind == null) {
            kind = TokenKind.function(text, extensions);
            if (kind == null || !argumentsFollow()) {
                kind = TokenKind.IDENTIFIER;
            }
        }
        return new Token(kind, text, 0, false, position);
    }

    /** Whether {@code (} comes next, or {@code by (}, {@code without (}: what makes a word a function. */
    private boolean argumentsFollow() {
        int i = skipBlank(at);
        for (String word : new String[] {"by", "without"}) {
            if (query.startsWith(word, i)) {
                i = skipBlank(i + word.length());
                break;
            }
        }
        return charAt(i) == '(';
    }

    private int skipBlank(int from) {
        int i = from;
        while (i < query.length() && Character.isWhitespace(query.charAt(i))) {
            i++;
        }
        return i;
    }

    private Token number(Position position) {
        int end = numberEnd(at, position);
        Token measure = measure(end, position);
        if (measure != null) {
            return measure;
        }
        String text = query.substring(at, end);
        advance(end);
        return new Token(TokenKind.NUMBER, text, 0, false, position);
    }

    /** A number that goes on with units, or null. */
    private @Nullable Token measure(int numberEnd, Position position) {
        int end = unitEnd(numberEnd, DURATION_LETTERS);
        if (end > numberEnd) {
            OptionalLong nanos = DurationText.parse(query.substring(at, end));
            if (nanos.isPresent()) {
                return measured(TokenKind.DURATION, end, nanos.getAsLong(), position);
            }
        }
        end = unitEnd(numberEnd, BYTES_LETTERS);
        if (end > numberEnd) {
            OptionalLong bytes = ByteText.parse(query.substring(at, end));
            if (bytes.isPresent()) {
                return measured(TokenKind.BYTES, end, bytes.getAsLong(), position);
            }
        }
        return null;
    }

    private Token measured(TokenKind kind, int end, long amount, Position position) {
        String text = query.substring(at, end);
        advance(end);
        return new Token(kind, text, amount, true, position);
    }

    private int unitEnd(int from, String letters) {
        int end = from;
        while (end < query.length() && (isDigit(end) || letters.indexOf(query.charAt(end)) >= 0)) {
            end++;
        }
        return end;
    }

    private int numberEnd(int from, Position position) {
        char prefix = charAt(from) == '0' ? charAt(from + 1) : 0;
        switch (prefix) {
            case 'x', 'X' -> {
                return prefixedEnd(from, 16, position);
            }
            case 'o', 'O' -> {
                return prefixedEnd(from, 8, position);
            }
            case 'b', 'B' -> {
                return prefixedEnd(from, 2, position);
            }
            default -> {}
        }
        int end = digitsEnd(from, 10);
        if (charAt(end) == '.') {
            end = digitsEnd(end + 1, 10);
        }
        if (charAt(end) == 'e' || charAt(end) == 'E') {
            int exponent = charAt(end + 1) == '+' || charAt(end + 1) == '-' ? end + 2 : end + 1;
            end = digitsEnd(exponent, 10);
            if (end == exponent) {
                throw SyntaxErrors.at(position, false, "exponent has no digits");
            }
        }
        return end;
    }

    private int prefixedEnd(int from, int radix, Position position) {
        int end = digitsEnd(from + 2, radix);
        if (end == from + 2) {
            throw SyntaxErrors.at(position, false, "decimal literal has no digits");
        }
        return end;
    }

    private int digitsEnd(int from, int radix) {
        int end = from;
        while (end < query.length()
                && query.charAt(end) < 128
                && (Character.digit(query.charAt(end), radix) >= 0 || query.charAt(end) == '_')) {
            end++;
        }
        return end;
    }

    private Token string(Position position) {
        int end = at + 1;
        while (charAt(end) != '"') {
            if (end >= query.length() || query.charAt(end) == '\n') {
                throw SyntaxErrors.at(position, false, "literal not terminated");
            }
            end += query.charAt(end) == '\\' && charAt(end + 1) != '\n' ? 2 : 1;
        }
        try {
            String value = StringLiterals.unescape(query.substring(at + 1, end));
            advance(end + 1);
            return new Token(TokenKind.STRING, value, 0, false, position);
        } catch (IllegalArgumentException e) {
            throw SyntaxErrors.at(position, false, "invalid char escape");
        }
    }

    private Token rawString(Position position) {
        int end = query.indexOf('`', at + 1);
        if (end < 0) {
            throw SyntaxErrors.at(position, false, "literal not terminated");
        }
        String value = query.substring(at + 1, end).replace("\r", "");
        advance(end + 1);
        return new Token(TokenKind.STRING, value, 0, false, position);
    }

    /** Single quotes hold one character and have no meaning; recognised for the sake of the message. */
    private Token character(Position position) {
        int end = at + 1;
        while (charAt(end) != '\'') {
            if (end >= query.length() || query.charAt(end) == '\n') {
                throw SyntaxErrors.at(position, false, "literal not terminated");
            }
            end += query.charAt(end) == '\\' ? 2 : 1;
        }
        if (query.codePointCount(at + 1, end) != 1 && charAt(at + 1) != '\\') {
            throw SyntaxErrors.at(position, false, "invalid char literal");
        }
        return take(TokenKind.UNKNOWN, end + 1, position);
    }

    private Token range(Position position) {
        int end = query.indexOf(']', at);
        if (end < 0) {
            throw SyntaxErrors.at(position, true, "missing closing ']' in duration");
        }
        String text = query.substring(at + 1, end);
        try {
            long nanos = DurationText.parseUnits(text);
            advance(end + 1);
            return new Token(TokenKind.RANGE, text, nanos, true, position);
        } catch (IllegalArgumentException e) {
            String message = e.getMessage();
            throw SyntaxErrors.at(position, true, message == null ? "invalid duration" : message);
        }
    }

    /** A minus sign, a parser flag, or a negative duration (for offsets). */
    private Token minus(Position position) {
        if (charAt(at + 1) == '-') {
            int end = at + 2;
            while (Character.isLetter(charAt(end)) || charAt(end) == '-') {
                end++;
            }
            if (FLAGS.contains(query.substring(at, end))) {
                return take(TokenKind.PARSER_FLAG, end, position);
            }
        } else if (isDigit(at + 1) || charAt(at + 1) == '.' && isDigit(at + 2)) {
            int numberEnd = unitEnd(at + 1, ".");
            int end = unitEnd(numberEnd, DURATION_LETTERS);
            OptionalLong nanos = end > numberEnd ? DurationText.parse(query.substring(at, end)) : OptionalLong.empty();
            if (nanos.isPresent()) {
                return measured(TokenKind.DURATION, end, nanos.getAsLong(), position);
            }
        }
        return take(TokenKind.SUB, at + 1, position);
    }

    private Token symbol(char c, Position position) {
        char d = charAt(at + 1);
        TokenKind two = switch (c) {
            case '|' ->
                d == '='
                        ? TokenKind.PIPE_EXACT
                        : d == '~' ? TokenKind.PIPE_MATCH : d == '>' ? TokenKind.PIPE_PATTERN : null;
            case '!' ->
                d == '='
                        ? TokenKind.NOT_EQUAL
                        : d == '~' ? TokenKind.NOT_MATCH : d == '>' ? TokenKind.NOT_PATTERN : null;
            case '=' -> d == '=' ? TokenKind.EQUAL : d == '~' ? TokenKind.MATCH : null;
            case '>' -> d == '=' ? TokenKind.GREATER_OR_EQUAL : null;
            case '<' -> d == '=' ? TokenKind.LESS_OR_EQUAL : null;
            default -> null;
        };
        if (two != null) {
            return take(two, at + 2, position);
        }
        TokenKind one = switch (c) {
            case '{' -> TokenKind.OPEN_BRACE;
            case '}' -> TokenKind.CLOSE_BRACE;
            case '(' -> TokenKind.OPEN_PARENTHESIS;
            case ')' -> TokenKind.CLOSE_PARENTHESIS;
            case ']' -> TokenKind.CLOSE_BRACKET;
            case ',' -> TokenKind.COMMA;
            case '.' -> TokenKind.DOT;
            case '|' -> TokenKind.PIPE;
            case '=' -> TokenKind.ASSIGN;
            case '>' -> TokenKind.GREATER;
            case '<' -> TokenKind.LESS;
            case '+' -> TokenKind.ADD;
            case '*' -> TokenKind.MUL;
            case '/' -> TokenKind.DIV;
            case '%' -> TokenKind.MOD;
            case '^' -> TokenKind.POW;
            default -> TokenKind.UNKNOWN;
        };
        int codePoint = query.codePointAt(at);
        int end = at + Character.charCount(codePoint);
        String text = query.substring(at, end);
        advance(end);
        return new Token(one, text, 0, false, position);
    }

    private boolean isDigit(int index) {
        char c = charAt(index);
        return c >= '0' && c <= '9';
    }

    /** The character at an index, or 0 past the end. */
    private char charAt(int index) {
        return index < query.length() ? query.charAt(index) : 0;
    }
}
