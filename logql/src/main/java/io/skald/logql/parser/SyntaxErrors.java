/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Position;

/** Makes the two kinds of refusal: at a token, or about the query as a whole. */
final class SyntaxErrors {
    private SyntaxErrors() {}

    /** At a place in the text. A token of several symbols is shown at line 0, as clients of the API know it. */
    static SyntaxException at(Position position, boolean spanned, String message) {
        int line = spanned ? 0 : position.line();
        return new SyntaxException(
                "parse error at line " + line + ", col " + position.column() + ": " + message, position);
    }

    /** About what the text means; the place is in the exception, not in the message. */
    static SyntaxException meaning(Position position, String message) {
        return new SyntaxException("parse error : " + message, position);
    }
}
