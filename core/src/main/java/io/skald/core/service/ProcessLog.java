/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The log of this process: lines of logfmt on standard error. Called by the launcher, before anything else. */
public final class ProcessLog {
    /** Held here because the JDK keeps loggers by weak references, and a collected one forgets its level. */
    private static final Logger ROOT = Logger.getLogger("");

    private static final Logger OURS = Logger.getLogger("io.skald");

    private ProcessLog() {}

    /**
     * Sends the log of the whole process to standard error.
     *
     * @param level {@code debug}, {@code info}, {@code warn} or {@code error}, for this product's loggers; libraries log from {@code warn} on
     * @throws IllegalArgumentException for another level
     */
    public static void install(String level) {
        Level wanted = wanted(level);
        for (Handler h : ROOT.getHandlers()) {
            ROOT.removeHandler(h);
        }
        ConsoleHandler handler = new ConsoleHandler();
        handler.setLevel(Level.ALL);
        handler.setFormatter(new LogLineFormatter());
        ROOT.addHandler(handler);
        set(wanted);
    }

    /**
     * Changes the level while the process runs; takes effect at once.
     *
     * @param level as for {@link #install}
     * @throws IllegalArgumentException for another level; nothing changes then
     */
    public static void setLevel(String level) {
        set(wanted(level));
    }

    /** The level in force: {@code debug}, {@code info}, {@code warn} or {@code error}. */
    public static String level() {
        Level level = OURS.getLevel();
        int value = (level == null ? Level.INFO : level).intValue();
        return value <= Level.FINE.intValue()
                ? "debug"
                : value <= Level.INFO.intValue() ? "info" : value <= Level.WARNING.intValue() ? "warn" : "error";
    }

    private static Level wanted(String level) {
        return switch (level.toLowerCase(Locale.ROOT)) {
            case "debug" -> Level.FINE;
            case "info" -> Level.INFO;
            case "warn" -> Level.WARNING;
            case "error" -> Level.SEVERE;
            default ->
                throw new IllegalArgumentException("log level " + level + ": not one of debug, info, warn, error");
        };
    }

    private static void set(Level wanted) {
        ROOT.setLevel(wanted.intValue() > Level.WARNING.intValue() ? wanted : Level.WARNING);
        OURS.setLevel(wanted);
    }
}
