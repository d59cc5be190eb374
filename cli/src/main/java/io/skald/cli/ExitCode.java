/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

/** How a command tells how it ended; the same for all commands, and documented in their help. */
public final class ExitCode {
    public static final int OK = 0;
    /** It could not be done: the server answered with an error, a file cannot be read, a port is taken. */
    public static final int FAILURE = 1;
    /** The command line is wrong: unknown option, missing argument, bad value. */
    public static final int USAGE = 2;
    /** The server cannot be reached. */
    public static final int UNREACHABLE = 3;

    private ExitCode() {}
}
