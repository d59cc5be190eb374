/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import java.io.Serial;

/** Ends a command with one line on stderr and an exit code. */
public final class CommandFailure extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    private final int exitCode;

    /** @param message what went wrong, naming the thing; no stack trace is printed */
    public CommandFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public CommandFailure(int exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
