/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.ast.SampleExpr.VectorOp;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The words of the language. Names of functions are one kind each for range and vector; the token's text tells which. */
enum TokenKind {
    END("$end"),
    /** A character that starts no token; shown as an identifier, never accepted as one. */
    UNKNOWN("IDENTIFIER"),
    IDENTIFIER("IDENTIFIER"),
    STRING("STRING"),
    NUMBER("NUMBER"),
    DURATION("DURATION"),
    BYTES("BYTES"),
    RANGE("RANGE"),
    PARSER_FLAG("PARSER_FLAG"),
    OPEN_BRACE("{"),
    CLOSE_BRACE("}"),
    OPEN_PARENTHESIS("("),
    CLOSE_PARENTHESIS(")"),
    CLOSE_BRACKET("]"),
    COMMA(","),
    DOT("."),
    PIPE("|"),
    ASSIGN("="),
    MATCH("=~"),
    NOT_MATCH("!~"),
    NOT_EQUAL("!="),
    PIPE_EXACT("|="),
    PIPE_MATCH("|~"),
    PIPE_PATTERN("|>"),
    NOT_PATTERN("!>"),
    EQUAL("=="),
    GREATER(">"),
    GREATER_OR_EQUAL(">="),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    ADD("+"),
    SUB("-"),
    MUL("*"),
    DIV("/"),
    MOD("%"),
    POW("^"),
    OR("or"),
    AND("and"),
    UNLESS("unless"),
    BY("by"),
    WITHOUT("without"),
    BOOL("bool"),
    ON("on"),
    IGNORING("ignoring"),
    GROUP_LEFT("group_left"),
    GROUP_RIGHT("group_right"),
    OFFSET("offset"),
    JSON("json"),
    LOGFMT("logfmt"),
    REGEXP("regexp"),
    PATTERN("pattern"),
    UNPACK("unpack"),
    UNWRAP("unwrap"),
    DECOLORIZE("decolorize"),
    LINE_FORMAT("line_format"),
    LABEL_FORMAT("label_format"),
    DROP("drop"),
    KEEP("keep"),
    RANGE_OP(""),
    VECTOR_OP(""),
    LABEL_REPLACE("LABEL_REPLACE"),
    VECTOR("VECTOR"),
    IP("ip"),
    BYTES_CONV("BYTES_CONV"),
    DURATION_CONV("DURATION_CONV"),
    DURATION_SECONDS_CONV("DURATION_SECONDS_CONV");

    private static final Map<String, TokenKind> KEYWORDS = new HashMap<>();
    private static final Map<String, TokenKind> FUNCTIONS = new HashMap<>();

    static {
        for (TokenKind kind : EnumSet.range(OR, KEEP)) {
            KEYWORDS.put(kind.shown, kind);
        }
        for (RangeOp op : RangeOp.values()) {
            FUNCTIONS.put(op.text(), RANGE_OP);
        }
        for (VectorOp op : VectorOp.values()) {
            FUNCTIONS.put(op.text(), VECTOR_OP);
        }
        FUNCTIONS.put("label_replace", LABEL_REPLACE);
        FUNCTIONS.put("vector", VECTOR);
        FUNCTIONS.put("ip", IP);
        FUNCTIONS.put("bytes", BYTES_CONV);
        FUNCTIONS.put("duration", DURATION_CONV);
        FUNCTIONS.put("duration_seconds", DURATION_SECONDS_CONV);
    }

    private final String shown;

    TokenKind(String shown) {
        this.shown = shown;
    }

    /** How a token of this kind is named in messages. */
    String shown(String text) {
        return shown.isEmpty() ? text.toUpperCase(Locale.ROOT) : shown;
    }

    /** The kind of a word that is reserved everywhere, or null. */
    static @Nullable TokenKind keyword(String word) {
        return KEYWORDS.get(word);
    }

    /** The kind of a word that is reserved only where an argument list follows, or null. */
    static @Nullable TokenKind function(String word, boolean extensions) {
        boolean known = extensions || !word.equals(RangeOp.PRESENT_OVER_TIME.text());
        return known ? FUNCTIONS.get(word) : null;
    }
}
