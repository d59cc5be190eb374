/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Position;

/**
 * A word of the query.
 *
 * @param text as written, for strings what they stand for
 * @param amount nanoseconds of a duration or range, bytes of a byte count; else 0
 * @param spanned whether messages show it at line 0 (see {@link SyntaxErrors#at})
 */
record Token(TokenKind kind, String text, long amount, boolean spanned, Position position) {
    String shown() {
        return kind.shown(text);
    }
}
