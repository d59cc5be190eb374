/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

/** Something that could not be sent. */
public final class SendException extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean retryable;

    /** @param retryable whether the same may succeed later */
    public SendException(String message, boolean retryable) {
        super(message);
        this.retryable = retryable;
    }

    public SendException(String message, boolean retryable, Throwable cause) {
        super(message, cause);
        this.retryable = retryable;
    }

    public boolean retryable() {
        return retryable;
    }
}
