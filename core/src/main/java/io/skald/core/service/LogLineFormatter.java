/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import io.skald.core.model.Quote;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A log record as one line of logfmt: {@code ts=… level=info logger=HttpServer msg="…"}, with {@code error} and {@code stack} where there
 * is an exception. Line feeds are escaped, so a record is always one line. Thread-safe.
 */
public final class LogLineFormatter extends Formatter {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    @Override
    public String format(LogRecord record) {
        StringBuilder sb = new StringBuilder(160);
        sb.append("ts=").append(TIME.format(Instant.ofEpochMilli(record.getMillis())));
        sb.append(" level=").append(level(record.getLevel()));
        String logger = record.getLoggerName() == null ? "" : record.getLoggerName();
        append(sb, "logger", logger.substring(logger.lastIndexOf('.') + 1));
        String message = formatMessage(record);
        append(sb, "msg", message == null ? "" : message);
        Throwable e = record.getThrown();
        if (e != null) {
            append(sb, "error", e.toString());
            StringWriter stack = new StringWriter();
            e.printStackTrace(new PrintWriter(stack));
            append(sb, "stack", stack.toString());
        }
        return sb.append('\n').toString();
    }

    private static String level(Level level) {
        int v = level.intValue();
        return v >= Level.SEVERE.intValue()
                ? "error"
                : v >= Level.WARNING.intValue() ? "warn" : v >= Level.CONFIG.intValue() ? "info" : "debug";
    }

    private static void append(StringBuilder sb, String key, String value) {
        sb.append(' ').append(key).append('=');
        if (needsQuotes(value)) {
            Quote.appendQuoted(sb, value);
        } else {
            sb.append(value);
        }
    }

    private static boolean needsQuotes(String v) {
        for (int i = 0; i < v.length(); i++) {
            char c = v.charAt(i);
            if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) {
                return true;
            }
        }
        return v.isEmpty();
    }
}
