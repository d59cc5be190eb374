/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Standard output and standard error of a command. Unlike {@link System#out}, output that nobody reads any more ({@code | head}) is an
 * exception, so that a command stops. Not thread-safe.
 */
public final class Output implements AutoCloseable {
    /** Standard output cannot be written to. */
    public static final class Gone extends IOException {
        @Serial
        private static final long serialVersionUID = 1;

        Gone(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private final OutputStream out;
    private final PrintStream err;
    private final boolean terminal;
    private final boolean colour;

    /** For tests: writes to streams. */
    public Output(OutputStream out, PrintStream err, boolean terminal, boolean colour) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.colour = colour;
    }

    /** The process's own; coloured if it is a terminal and {@code NO_COLOR} is not set. */
    public static Output ofProcess() {
        boolean terminal = outIsTerminal();
        String noColour = System.getenv("NO_COLOR");
        return new Output(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                terminal,
                terminal && (noColour == null || noColour.isEmpty()));
    }

    /** Whether standard output is a terminal; standard input does not matter, which rules out {@link System#console}. */
    private static boolean outIsTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            // no /proc on this system: the console's answer is right unless only one end is redirected
            return Optional.ofNullable(System.console())
                    .map(Console::isTerminal)
                    .orElse(false);
        }
    }

    boolean isColoured() {
        return colour;
    }

    public boolean isTerminal() {
        return terminal;
    }

    public void print(String text) throws Gone {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Gone(e);
        }
    }

    public void println(String text) throws Gone {
        print(text);
        print("\n");
    }

    public void flush() throws Gone {
        try {
            out.flush();
        } catch (IOException e) {
            throw new Gone(e);
        }
    }

    /** The same stream for text that picocli prints; to be flushed by who uses it. */
    PrintWriter writer() {
        return new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    }

    PrintWriter errorWriter() {
        return new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    /** A line on standard error. */
    public void error(String text) {
        err.println(text);
    }

    /** Wraps text in a colour (an SGR code, like {@code 31}) if colours are on. */
    public String coloured(String sgr, String text) {
        return colour ? "\u001b[" + sgr + "m" + text + "\u001b[0m" : text;
    }

    @Override
    public void close() throws Gone {
        flush();
    }
}
