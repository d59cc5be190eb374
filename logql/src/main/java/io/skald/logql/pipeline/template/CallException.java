/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.io.Serial;

/** A function that refuses its arguments. Carries no stack: it may happen on every line. */
final class CallException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final boolean wrapped;

    /** @param wrapped whether the message is the function's own, to be shown as an error of the call */
    CallException(String message, boolean wrapped) {
        super(message, null, false, false);
        this.wrapped = wrapped;
    }

    boolean wrapped() {
        return wrapped;
    }

    /** The message, never null. */
    String text() {
        String m = getMessage();
        return m == null ? "" : m;
    }
}
