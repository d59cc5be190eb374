/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.Month;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads one text by one of Go's layouts. */
final class GoTimeParser {
    private final String layout;
    private final String text;
    private ZoneId zone;
    private int at;

    private int year;
    private int month = 1;
    private int day = 1;
    private int yearDay;
    private int hour;
    private int minute;
    private int second;
    private int nano;
    private boolean pm;
    private boolean am;

    GoTimeParser(String layout, String text, ZoneId zone) {
        this.layout = layout;
        this.text = text;
        this.zone = zone;
    }

    @Nullable
    GoTime parse() {
        int i = 0;
        while (i < layout.length()) {
            String e = GoTime.elementAt(layout, i);
            if (e == null) {
                if (at >= text.length() || text.charAt(at) != layout.charAt(i)) {
                    return null;
                }
                at++;
                i++;
            } else {
                if (!read(e)) {
                    return null;
                }
                i += e.length();
            }
        }
        return at == text.length() ? result() : null;
    }

    private @Nullable GoTime result() {
        if (pm && hour < 12) {
            hour += 12;
        } else if (am && hour == 12) {
            hour = 0;
        }
        try {
            LocalDateTime t = LocalDateTime.of(year, month, day, hour, minute, second, nano);
            return GoTime.of(yearDay > 0 ? t.withDayOfYear(yearDay) : t, zone);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private boolean read(String e) {
        return switch (e) {
            case "2006" -> (year = digits(4, 4)) >= 0;
            case "06" -> {
                int y = digits(2, 2);
                year = y >= 69 ? 1900 + y : 2000 + y;
                yield y >= 0;
            }
            case "01" -> (month = digits(2, 2)) >= 0;
            case "1" -> (month = digits(1, 2)) >= 0;
            case "02" -> (day = digits(2, 2)) >= 0;
            case "_2", "2" -> {
                if (at < text.length() && text.charAt(at) == ' ' && e.equals("_2")) {
                    at++;
                }
                yield (day = digits(1, 2)) >= 0;
            }
            case "002", "__2" -> (yearDay = digits(3, 3)) > 0;
            case "15" -> (hour = digits(2, 2)) >= 0;
            case "03" -> (hour = digits(2, 2)) >= 0;
            case "3" -> (hour = digits(1, 2)) >= 0;
            case "04" -> (minute = digits(2, 2)) >= 0;
            case "4" -> (minute = digits(1, 2)) >= 0;
            case "05" -> (second = digits(2, 2)) >= 0 && optionalFraction();
            case "5" -> (second = digits(1, 2)) >= 0 && optionalFraction();
            case "PM", "pm" -> halfDay();
            case "January", "Jan" -> monthName(e.equals("Jan") ? TextStyle.SHORT : TextStyle.FULL);
            case "Monday", "Mon" -> weekday(e.equals("Mon") ? TextStyle.SHORT : TextStyle.FULL);
            case "MST" -> zoneName();
            default -> e.charAt(0) == '.' || e.charAt(0) == ',' ? fraction(e) : offset(e);
        };
    }

    /** A number of so many digits, or -1. */
    private int digits(int min, int max) {
        int n = 0;
        int from = at;
        while (at < text.length() && at - from < max && Character.isDigit(text.charAt(at))) {
            n = n * 10 + text.charAt(at++) - '0';
        }
        return at - from < min ? -1 : n;
    }

    /** After seconds a fraction is read even if the layout has none. */
    private boolean optionalFraction() {
        return at + 1 >= text.length()
                || text.charAt(at) != '.' && text.charAt(at) != ','
                || nextIsFraction()
                || !Character.isDigit(text.charAt(at + 1))
                || fraction(".9");
    }

    private boolean nextIsFraction() {
        int i = layout.indexOf("05");
        String e = i < 0 || i + 2 >= layout.length() ? null : GoTime.elementAt(layout, i + 2);
        return e != null && (e.charAt(0) == '.' || e.charAt(0) == ',');
    }

    private boolean fraction(String e) {
        boolean fixed = e.charAt(1) == '0';
        if (at >= text.length() || text.charAt(at) != '.' && text.charAt(at) != ',') {
            return !fixed;
        }
        int from = ++at;
        long n = 0;
        int count = 0;
        while (at < text.length() && Character.isDigit(text.charAt(at))) {
            if (count++ < 9) {
                n = n * 10 + text.charAt(at) - '0';
            }
            at++;
        }
        for (int k = count; k < 9; k++) {
            n *= 10;
        }
        nano = (int) n;
        return at > from && (!fixed || count == e.length() - 1);
    }

    private boolean halfDay() {
        String s = text.substring(at, Math.min(text.length(), at + 2)).toUpperCase(Locale.ROOT);
        pm = s.equals("PM");
        am = s.equals("AM");
        at += 2;
        return pm || am;
    }

    private boolean monthName(TextStyle style) {
        for (Month m : Month.values()) {
            if (word(m.getDisplayName(style, Locale.ENGLISH))) {
                month = m.getValue();
                return true;
            }
        }
        return false;
    }

    private boolean weekday(TextStyle style) {
        for (DayOfWeek d : DayOfWeek.values()) {
            if (word(d.getDisplayName(style, Locale.ENGLISH))) {
                return true;
            }
        }
        return false;
    }

    private boolean word(String w) {
        if (!text.regionMatches(true, at, w, 0, w.length())) {
            return false;
        }
        at += w.length();
        return true;
    }

    private boolean zoneName() {
        int from = at;
        while (at < text.length() && Character.isUpperCase(text.charAt(at))) {
            at++;
        }
        if (text.startsWith("UTC", from) || text.startsWith("GMT", from)) {
            zone = ZoneOffset.UTC;
        }
        return at - from >= 3;
    }

    private boolean offset(String e) {
        if (e.charAt(0) == 'Z' && at < text.length() && text.charAt(at) == 'Z') {
            at++;
            zone = ZoneOffset.UTC;
            return true;
        }
        if (at >= text.length() || text.charAt(at) != '+' && text.charAt(at) != '-') {
            return false;
        }
        int sign = text.charAt(at++) == '-' ? -1 : 1;
        int hours = digits(2, 2);
        int count = (int) e.chars().filter(Character::isDigit).count();
        int minutes = 0;
        if (count >= 4) {
            if (e.indexOf(':') >= 0 && (at >= text.length() || text.charAt(at++) != ':')) {
                return false;
            }
            minutes = digits(2, 2);
        }
        if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
            return false;
        }
        zone = ZoneOffset.ofTotalSeconds(sign * (hours * 3600 + minutes * 60));
        return true;
    }
}
