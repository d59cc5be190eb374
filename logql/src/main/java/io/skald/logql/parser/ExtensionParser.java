/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Position;
import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;

/**
 * The stages that Loki does not have. Their words are not reserved: {@code distinct} and {@code context} begin such a stage only where
 * another word follows, so labels may have these names.
 */
final class ExtensionParser {
    private static final String DISTINCT = "distinct";
    private static final String CONTEXT = "context";
    private static final String BEFORE = "before";
    private static final String AFTER = "after";

    private ExtensionParser() {}

    static boolean begins(TokenCursor tokens) {
        String word = tokens.peek().text();
        return tokens.extensions()
                && (word.equals(DISTINCT) || word.equals(CONTEXT))
                && tokens.second().kind() == TokenKind.IDENTIFIER;
    }

    /** A stage of which the first word comes next. */
    static Stage stage(TokenCursor tokens) {
        Token word = tokens.take();
        return word.text().equals(DISTINCT) ? distinct(tokens, word.position()) : context(tokens, word.position());
    }

    private static Stage distinct(TokenCursor tokens, Position position) {
        List<String> labels = new ArrayList<>();
        do {
            labels.add(tokens.expect(TokenKind.IDENTIFIER).text());
        } while (tokens.accept(TokenKind.COMMA));
        return new Stage.Distinct(labels, position);
    }

    private static Stage context(TokenCursor tokens, Position position) {
        if (!isWord(tokens, BEFORE) && !isWord(tokens, AFTER)) {
            throw tokens.unexpected("before or after");
        }
        int before = isWord(tokens, BEFORE) ? count(tokens) : 0;
        int after = isWord(tokens, AFTER) ? count(tokens) : 0;
        return new Stage.Context(before, after, position);
    }

    private static boolean isWord(TokenCursor tokens, String word) {
        return tokens.at(TokenKind.IDENTIFIER) && tokens.peek().text().equals(word);
    }

    private static int count(TokenCursor tokens) {
        tokens.take();
        Token number = tokens.expect(TokenKind.NUMBER);
        if (!number.text().matches("[0-9]{1,9}")) {
            throw SyntaxErrors.at(
                    number.position(), false, "syntax error: a whole number of lines expected, found " + number.text());
        }
        int lines = Integer.parseInt(number.text());
        if (lines > Stage.Context.MAX_LINES) {
            throw SyntaxErrors.at(
                    number.position(), false, "context of " + lines + " lines, limit " + Stage.Context.MAX_LINES);
        }
        return lines;
    }
}
