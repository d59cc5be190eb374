/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message as syslog brings it.
 *
 * @param priority facility times eight, plus severity; -1 if it has none
 * @param timeNanos nanoseconds since 1970; 0 if it has none
 * @param structured structured data: {@code id.name} and value
 */
record SyslogMessage(
        int priority,
        long timeNanos,
        @Nullable String host,
        @Nullable String app,
        @Nullable String process,
        @Nullable String messageId,
        Map<String, String> structured,
        String text) {
    private static final String[] SEVERITIES = {
        "emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"
    };
    private static final String[] FACILITIES = {
        "kern",
        "user",
        "mail",
        "daemon",
        "auth",
        "syslog",
        "lpr",
        "news",
        "uucp",
        "cron",
        "authpriv",
        "ftp",
        "ntp",
        "security",
        "console",
        "solaris-cron",
        "local0",
        "local1",
        "local2",
        "local3",
        "local4",
        "local5",
        "local6",
        "local7"
    };

    @Nullable
    String severity() {
        return priority < 0 ? null : SEVERITIES[priority % 8];
    }

    @Nullable
    String facility() {
        return priority < 0 || priority / 8 >= FACILITIES.length ? null : FACILITIES[priority / 8];
    }

    /** Reads a message; what does not have the form is all text. */
    static SyslogMessage parse(byte[] bytes, int offset, int length, boolean rfc3164, Instant now) {
        String s = new String(bytes, offset, length, StandardCharsets.UTF_8);
        while (s.endsWith("\n") || s.endsWith("\r") || s.endsWith("\0")) {
            s = s.substring(0, s.length() - 1);
        }
        int end = s.indexOf('>');
        if (!s.startsWith("<")
                || end < 2
                || end > 4
                || !s.substring(1, end).chars().allMatch(Character::isDigit)) {
            return plain(-1, s);
        }
        int priority = Integer.parseInt(s.substring(1, end));
        String rest = s.substring(end + 1);
        SyslogMessage m = !rfc3164 && rest.startsWith("1 ") ? rfc5424(priority, rest.substring(2)) : null;
        if (m == null) {
            m = rfc3164(priority, rest, now);
        }
        return m == null ? plain(priority, rest) : m;
    }

    private static SyslogMessage plain(int priority, String text) {
        return new SyslogMessage(priority, 0, null, null, null, null, Map.of(), text);
    }

    private static @Nullable SyslogMessage rfc5424(int priority, String s) {
        String[] parts = s.split(" ", 6);
        if (parts.length < 6) {
            return null;
        }
        long time = 0;
        if (!parts[0].equals("-")) {
            try {
                OffsetDateTime t = OffsetDateTime.parse(parts[0]);
                time = t.toEpochSecond() * 1_000_000_000 + t.getNano();
            } catch (DateTimeException e) {
                return null;
            }
        }
        Map<String, String> structured = new LinkedHashMap<>();
        String rest = parts[5];
        int at = rest.startsWith("-") ? 1 : structured(rest, structured);
        if (at < 0) {
            return null;
        }
        String text = at < rest.length() && rest.charAt(at) == ' ' ? rest.substring(at + 1) : rest.substring(at);
        if (text.startsWith("\ufeff")) {
            text = text.substring(1);
        }
        return new SyslogMessage(
                priority, time, value(parts[1]), value(parts[2]), value(parts[3]), value(parts[4]), structured, text);
    }

    private static @Nullable String value(String s) {
        return s.equals("-") ? null : s;
    }

    /** Reads {@code [id name="value" …]…}; returns where it ends, or -1. */
    private static int structured(String s, Map<String, String> into) {
        int at = 0;
        while (at < s.length() && s.charAt(at) == '[') {
            int end = at + 1;
            while (end < s.length() && s.charAt(end) != ' ' && s.charAt(end) != ']') {
                end++;
            }
            String id = s.substring(at + 1, end);
            at = end;
            while (at < s.length() && s.charAt(at) == ' ') {
                int eq = s.indexOf("=\"", at);
                if (eq < 0) {
                    return -1;
                }
                String name = s.substring(at + 1, eq);
                StringBuilder v = new StringBuilder();
                at = eq + 2;
                while (at < s.length() && s.charAt(at) != '"') {
                    if (s.charAt(at) == '\\' && at + 1 < s.length() && "\"]\\".indexOf(s.charAt(at + 1)) >= 0) {
                        at++;
                    }
                    v.append(s.charAt(at++));
                }
                at++;
                into.put(id + "." + name, v.toString());
            }
            if (at >= s.length() || s.charAt(at) != ']') {
                return -1;
            }
            at++;
        }
        return at == 0 ? -1 : at;
    }

    private static final DateTimeFormatter BSD = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .appendPattern("MMM ppd HH:mm:ss yyyy")
            .toFormatter(Locale.ENGLISH);

    /** {@code Oct 11 22:14:15 host app[123]: text}, without a year and a zone: the year nearest to now, UTC. */
    private static @Nullable SyslogMessage rfc3164(int priority, String s, Instant now) {
        if (s.length() < 16 || s.charAt(15) != ' ') {
            return null;
        }
        long time;
        try {
            int year = now.atZone(ZoneOffset.UTC).get(ChronoField.YEAR);
            LocalDateTime t = LocalDateTime.parse(s.substring(0, 15) + " " + year, BSD);
            if (t.toInstant(ZoneOffset.UTC).isAfter(now.plusSeconds(7L * 86_400))) {
                t = t.minusYears(1);
            }
            time = t.toEpochSecond(ZoneOffset.UTC) * 1_000_000_000;
        } catch (DateTimeException e) {
            return null;
        }
        String rest = s.substring(16);
        int blank = rest.indexOf(' ');
        if (blank < 0) {
            return new SyslogMessage(priority, time, null, null, null, null, Map.of(), rest);
        }
        String host = rest.substring(0, blank);
        rest = rest.substring(blank + 1);
        int colon = rest.indexOf(':');
        String app = null;
        String process = null;
        if (colon > 0 && colon < 64 && rest.substring(0, colon).indexOf(' ') < 0) {
            app = rest.substring(0, colon);
            rest = rest.substring(colon + 1).stripLeading();
            int bracket = app.indexOf('[');
            if (bracket > 0 && app.endsWith("]")) {
                process = app.substring(bracket + 1, app.length() - 1);
                app = app.substring(0, bracket);
            }
        }
        return new SyslogMessage(priority, time, host, app, process, null, Map.of(), rest);
    }
}
