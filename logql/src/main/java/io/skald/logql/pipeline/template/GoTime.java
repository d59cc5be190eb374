/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A time with its zone, formatted and read by Go's layouts ({@code 2006-01-02T15:04:05Z07:00}). */
record GoTime(ZonedDateTime time) {
    /** What Go gives where there is no time. */
    static final GoTime ZERO = new GoTime(ZonedDateTime.of(1, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC));

    /** The elements of a layout; of those with a common beginning the longest first. */
    private static final List<String> ELEMENTS = List.of(
            "January",
            "Jan",
            "Monday",
            "Mon",
            "MST",
            "2006",
            "-07:00:00",
            "-070000",
            "-07:00",
            "-0700",
            "-07",
            "Z07:00:00",
            "Z070000",
            "Z07:00",
            "Z0700",
            "Z07",
            "002",
            "01",
            "02",
            "03",
            "04",
            "05",
            "06",
            "15",
            "PM",
            "pm",
            "__2",
            "_2",
            "1",
            "2",
            "3",
            "4",
            "5");

    static GoTime ofNanos(long nanos) {
        return new GoTime(
                Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
                        .atZone(ZoneOffset.UTC));
    }

    long unix() {
        return time.toEpochSecond();
    }

    long unixNanos() {
        return unix() * 1_000_000_000L + time.getNano();
    }

    /** The layout element at a place, or null; fractions of seconds begin with a point or comma. */
    private static @Nullable String element(String layout, int at) {
        char c = layout.charAt(at);
        if ((c == '.' || c == ',') && at + 1 < layout.length()) {
            char d = layout.charAt(at + 1);
            if (d == '0' || d == '9') {
                int end = at + 1;
                while (end < layout.length() && layout.charAt(end) == d) {
                    end++;
                }
                if (end == layout.length() || !Character.isDigit(layout.charAt(end))) {
                    return layout.substring(at, end);
                }
            }
        }
        for (String e : ELEMENTS) {
            if (layout.startsWith(e, at)) {
                return e;
            }
        }
        return null;
    }

    String format(String layout) {
        StringBuilder sb = new StringBuilder();
        int i = 0;
        while (i < layout.length()) {
            String e = element(layout, i);
            if (e == null) {
                sb.append(layout.charAt(i++));
            } else {
                append(sb, e);
                i += e.length();
            }
        }
        return sb.toString();
    }

    private void append(StringBuilder sb, String e) {
        switch (e) {
            case "2006" -> sb.append(String.format("%04d", time.getYear()));
            case "06" -> two(sb, time.getYear() % 100);
            case "January" -> sb.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case "Jan" -> sb.append(time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH));
            case "01" -> two(sb, time.getMonthValue());
            case "1" -> sb.append(time.getMonthValue());
            case "Monday" -> sb.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case "Mon" -> sb.append(time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH));
            case "02" -> two(sb, time.getDayOfMonth());
            case "_2" -> sb.append(String.format("%2d", time.getDayOfMonth()));
            case "2" -> sb.append(time.getDayOfMonth());
            case "002" -> sb.append(String.format("%03d", time.getDayOfYear()));
            case "__2" -> sb.append(String.format("%3d", time.getDayOfYear()));
            case "15" -> two(sb, time.getHour());
            case "03" -> two(sb, hour12());
            case "3" -> sb.append(hour12());
            case "04" -> two(sb, time.getMinute());
            case "4" -> sb.append(time.getMinute());
            case "05" -> two(sb, time.getSecond());
            case "5" -> sb.append(time.getSecond());
            case "PM" -> sb.append(time.getHour() < 12 ? "AM" : "PM");
            case "pm" -> sb.append(time.getHour() < 12 ? "am" : "pm");
            case "MST" -> sb.append(zoneName());
            default -> {
                if (e.charAt(0) == '.' || e.charAt(0) == ',') {
                    fraction(sb, e);
                } else {
                    offset(sb, e);
                }
            }
        }
    }

    private static void two(StringBuilder sb, int n) {
        sb.append((char) ('0' + n / 10)).append((char) ('0' + n % 10));
    }

    private int hour12() {
        int h = time.getHour() % 12;
        return h == 0 ? 12 : h;
    }

    private String zoneName() {
        if (time.getZone() instanceof ZoneOffset o && o.getTotalSeconds() != 0) {
            StringBuilder sb = new StringBuilder();
            offset(sb, "-07");
            return sb.toString();
        }
        return time.getOffset().getTotalSeconds() == 0 && time.getZone() instanceof ZoneOffset
                ? "UTC"
                : java.time.format.DateTimeFormatter.ofPattern("zzz", Locale.ENGLISH)
                        .format(time);
    }

    private void fraction(StringBuilder sb, String e) {
        String digits = String.format("%09d", time.getNano());
        int n = Math.min(9, e.length() - 1);
        String f = digits.substring(0, n);
        if (e.charAt(1) == '9') {
            f = f.replaceAll("0+$", "");
            if (f.isEmpty()) {
                return;
            }
        }
        sb.append(e.charAt(0)).append(f);
    }

    private void offset(StringBuilder sb, String e) {
        int seconds = time.getOffset().getTotalSeconds();
        if (e.charAt(0) == 'Z' && seconds == 0) {
            sb.append('Z');
            return;
        }
        int s = Math.abs(seconds);
        sb.append(seconds < 0 ? '-' : '+');
        two(sb, s / 3600);
        boolean colon = e.indexOf(':') >= 0;
        int digits = (int) e.chars().filter(Character::isDigit).count();
        if (digits >= 4) {
            sb.append(colon ? ":" : "");
            two(sb, s / 60 % 60);
        }
        if (digits >= 6) {
            sb.append(colon ? ":" : "");
            two(sb, s % 60);
        }
    }

    /** Reads a time by a layout; null if the text does not have that form. */
    static @Nullable GoTime parse(String layout, String text, ZoneId zone) {
        return new GoTimeParser(layout, text, zone).parse();
    }

    static @Nullable String elementAt(String layout, int at) {
        return element(layout, at);
    }

    static @Nullable GoTime of(LocalDateTime local, ZoneId zone) {
        try {
            return new GoTime(local.atZone(zone));
        } catch (DateTimeException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return format("2006-01-02 15:04:05.999999999 -0700 MST");
    }
}
