/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

/** A query of a rule that gave no complete answer. The evaluation fails, and is tried again. */
public final class RuleQueryException extends Exception {
    private static final long serialVersionUID = 1;

    public RuleQueryException(String message) {
        super(message);
    }

    public RuleQueryException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message, never null. */
    String text() {
        return String.valueOf(getMessage());
    }
}
