/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.logql.ast.Position;
import java.io.Serial;

/** A query that cannot be read; the message names line, column and what was expected. */
public final class SyntaxException extends RequestException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient Position position;

    /** @param message the whole text for the user, {@code parse error at line 1, col 9: …} included */
    public SyntaxException(String message, Position position) {
        super(ErrorCode.BAD_REQUEST, message);
        this.position = position;
    }

    public Position position() {
        return position;
    }
}
