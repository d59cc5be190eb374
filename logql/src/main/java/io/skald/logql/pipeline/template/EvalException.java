/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.io.Serial;

/** A template that fails on one entry. Carries no stack: it may happen on every line. */
final class EvalException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    EvalException(String message) {
        super(message, null, false, false);
    }

    /** The message, never null. */
    String text() {
        String m = getMessage();
        return m == null ? "" : m;
    }
}
