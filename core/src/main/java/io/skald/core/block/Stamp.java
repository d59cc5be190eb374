/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Dates with times as log lines have them, of a fixed length each, in the forms of {@link #LAYOUTS}, with or without a fraction of a second. Confined
 * to one thread: it remembers the day that it wrote last.
 */
final class Stamp {
    /** One of the layouts; 1 is the first. */
    static final int ISO_T = 1;

    static final int ISO_SPACE = 2;
    static final int ACCESS_LOG = 3;
    static final int SYSLOG = 4;
    static final int ASCTIME = 5;
    static final int SHORT_YEAR = 6;
    static final int DIGITS = 7;
    static final int SLASHES = 8;

    /** What the layouts look like, for a moment in the life of Go. */
    static final String[] LAYOUTS = {
        "",
        "2006-01-02T15:04:05",
        "2006-01-02 15:04:05",
        "02/Jan/2006:15:04:05",
        "Jan _2 15:04:05",
        "Jan _2 15:04:05 2006",
        "06/01/02 15:04:05",
        "060102 150405",
        "2006/01/02 15:04:05"
    };

    /** By the upper bits of a form: the character before the fraction, and its digits. */
    private static final char[] FRACTION_MARK = {0, '.', ',', '.', '.'};

    private static final int[] FRACTION_DIGITS = {0, 3, 3, 6, 9};
    private static final long[] UNIT_NANOS = {1_000_000_000, 1_000_000, 1_000_000, 1000, 1};

    private static final byte[] MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec".getBytes(StandardCharsets.US_ASCII);
    private static final int[] MONTH_DAYS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    /** 1970-01-01 to 2199-12-31, so that nanoseconds fit. */
    private static final int FIRST_YEAR = 1970;

    private static final int LAST_YEAR = 2199;
    private static final long END_SECONDS = 86_400L * daysOf(LAST_YEAR + 1, 1, 1);
    /** The same in steps, by the upper bits of a form. */
    private static final long[] END_STEPS = Arrays.stream(UNIT_NANOS)
            .map(unit -> END_SECONDS * (1_000_000_000 / unit))
            .toArray();

    /** By form: bytes without the fraction, and with it. */
    private static final int[] DATE_LENGTHS = new int[LAYOUTS.length];

    private static final int[] LENGTHS = new int[256];

    static {
        for (int form = 0; form < 256; form++) {
            if (isForm(form)) {
                int fraction = form >>> 4;
                int date = LAYOUTS[form & 15].length();
                DATE_LENGTHS[form & 15] = date;
                LENGTHS[form] = date + (fraction == 0 ? 0 : 1 + FRACTION_DIGITS[fraction]);
            }
        }
    }

    /** Bytes of a year and the space before it, which stand behind the seconds of {@link #ASCTIME}. */
    private static final int YEAR_LENGTH = 5;

    private static final long DAY_NANOS = 86_400_000_000_000L;

    private long day = -1;
    private int year;
    private int month;
    private int dayOfMonth;

    /** What was written last: its form, the first second of its minute, and its bytes without the fraction. */
    private final byte[] written = new byte[32];

    private int writtenForm = -1;

    /** What was read last: its form, its bytes without the fraction, the first second of its minute, and the day that its year was taken from. */
    private final byte[] seen = new byte[32];

    private int seenForm = -1;
    private long seenMinute;
    private long seenDay;
    private long writtenMinute;

    /** A layout and a fraction as one number. */
    static int form(int layout, int fraction) {
        return fraction << 4 | layout;
    }

    static boolean isForm(int form) {
        int layout = form & 15;
        int fraction = form >>> 4;
        // syslog and access logs end with the second, and asctime with the year
        return layout >= 1
                && layout < LAYOUTS.length
                && fraction < FRACTION_MARK.length
                && (fraction == 0 || layout != ASCTIME);
    }

    static int length(int form) {
        return LENGTHS[form];
    }

    /** The fraction that stands at a place, as the upper bits of a form; 0 for none or one of another length. */
    static int fractionAt(byte[] b, int at, int end) {
        if (at >= end || b[at] != '.' && b[at] != ',') {
            return 0;
        }
        int digits = 0;
        while (digits < 10 && at + 1 + digits < end && isDigit(b[at + 1 + digits])) {
            digits++;
        }
        return switch (digits) {
            case 3 -> b[at] == '.' ? 1 : 2;
            case 6 -> b[at] == '.' ? 3 : 0;
            case 9 -> b[at] == '.' ? 4 : 0;
            default -> 0;
        };
    }

    /**
     * The value that stands at a place, in steps of the form since 1970, or -1 if it is not exactly what {@link #write} makes of it.
     *
     * @param nearNanos a time whose year is meant where the layout has none
     */
    long parse(byte[] b, int at, int end, int form, long nearNanos) {
        if (at < 0 || at + length(form) > end) {
            return -1;
        }
        int length = DATE_LENGTHS[form & 15];
        int seconds = form == ASCTIME ? length - YEAR_LENGTH - 2 : length - 2;
        long value;
        if (form == seenForm && sameMinute(b, at, seconds, length, nearNanos)) {
            // most lines differ from the one before by seconds; all forms take this way, for which the compiler need
            // not know them
            int s = two(b, at + seconds);
            value = s < 0 || s > 59 ? -1 : seenMinute + s;
        } else {
            value = parseDate(b, at, form, nearNanos);
            if (value >= 0) {
                System.arraycopy(b, at, seen, 0, length);
                seenForm = form;
                seenMinute = value - value % 60;
                seenDay = Math.floorDiv(nearNanos, DAY_NANOS);
            }
        }
        return form < 16 || value < 0 ? value : withFraction(value, b, at + length, form >>> 4);
    }

    private boolean sameMinute(byte[] b, int at, int seconds, int length, long nearNanos) {
        return Arrays.equals(b, at, at + seconds, seen, 0, seconds)
                && (seconds + 2 == length || Arrays.equals(b, at + seconds + 2, at + length, seen, seconds + 2, length))
                && ((seenForm & 15) != SYSLOG || Math.floorDiv(nearNanos, DAY_NANOS) == seenDay);
    }

    private static long withFraction(long seconds, byte[] b, int at, int fraction) {
        if (b[at] != FRACTION_MARK[fraction]) {
            return -1;
        }
        long value = seconds;
        for (int i = 1; i <= FRACTION_DIGITS[fraction]; i++) {
            if (!isDigit(b[at + i])) {
                return -1;
            }
            value = value * 10 + (b[at + i] - '0');
        }
        return value;
    }

    /** The second that stands at a place, or -1. */
    private long parseDate(byte[] b, int at, int form, long nearNanos) {
        int layout = form & 15;
        int y;
        int m;
        int d;
        int time;
        switch (layout) {
            case ISO_T, ISO_SPACE, SLASHES -> {
                char dash = layout == SLASHES ? '/' : '-';
                if (b[at + 4] != dash || b[at + 7] != dash || b[at + 10] != (layout == ISO_T ? 'T' : ' ')) {
                    return -1;
                }
                y = two(b, at) * 100 + two(b, at + 2);
                m = two(b, at + 5);
                d = two(b, at + 8);
                time = at + 11;
            }
            case ACCESS_LOG -> {
                if (b[at + 2] != '/' || b[at + 6] != '/' || b[at + 11] != ':') {
                    return -1;
                }
                d = two(b, at);
                m = monthOf(b, at + 3);
                y = two(b, at + 7) * 100 + two(b, at + 9);
                time = at + 12;
            }
            case SYSLOG, ASCTIME -> {
                if (b[at + 3] != ' ' || b[at + 6] != ' ' || layout == ASCTIME && b[at + 15] != ' ') {
                    return -1;
                }
                m = monthOf(b, at);
                d = b[at + 4] == ' ' && isDigit(b[at + 5]) && b[at + 5] != '0' ? b[at + 5] - '0' : two(b, at + 4);
                if (d < 10 && b[at + 4] != ' ') {
                    return -1;
                }
                if (layout == SYSLOG) {
                    goTo(Math.floorDiv(nearNanos, DAY_NANOS));
                    y = year;
                } else {
                    y = two(b, at + 16) * 100 + two(b, at + 18);
                }
                time = at + 7;
            }
            case SHORT_YEAR -> {
                if (b[at + 2] != '/' || b[at + 5] != '/' || b[at + 8] != ' ') {
                    return -1;
                }
                y = 2000 + two(b, at);
                m = two(b, at + 3);
                d = two(b, at + 6);
                time = at + 9;
            }
            default -> {
                if (b[at + 6] != ' ') {
                    return -1;
                }
                y = 2000 + two(b, at);
                m = two(b, at + 2);
                d = two(b, at + 4);
                time = at + 7;
            }
        }
        // two() gives a large negative number for what is no digit, which no sum with it makes valid again
        if (y < FIRST_YEAR || y > LAST_YEAR || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) {
            return -1;
        }
        int step = layout == DIGITS ? 2 : 3;
        int hours = two(b, time);
        int minutes = two(b, time + step);
        int seconds = two(b, time + 2 * step);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
            return -1;
        }
        if (step == 3 && (b[time + 2] != ':' || b[time + 5] != ':')) {
            return -1;
        }
        return daysOf(y, m, d) * 86_400L + hours * 3600L + minutes * 60L + seconds;
    }

    /** How many steps of the form the moment lies behind 1970, rounded down. */
    static long steps(long timeNanos, int form) {
        // by constants, which compile to multiplications
        return switch (FRACTION_DIGITS[form >>> 4]) {
            case 0 -> Math.floorDiv(timeNanos, 1_000_000_000L);
            case 3 -> Math.floorDiv(timeNanos, 1_000_000L);
            case 6 -> Math.floorDiv(timeNanos, 1000L);
            default -> timeNanos;
        };
    }

    /** Whether a value can be written. */
    static boolean inRange(long value, int form) {
        return value >= 0 && value < END_STEPS[form >>> 4];
    }

    /** Writes a value that is in range; {@link #length} bytes. */
    void write(long value, int form, byte[] out, int at) {
        int fraction = form >>> 4;
        long seconds = seconds(value, fraction);
        int length = DATE_LENGTHS[form & 15];
        if (form == writtenForm && seconds - writtenMinute >= 0 && seconds - writtenMinute < 60) {
            // most lines differ from the one before by seconds
            System.arraycopy(written, 0, out, at, length);
            put(out, at + (form == ASCTIME ? length - 7 : length - 2), (int) (seconds - writtenMinute));
        } else {
            writeSeconds(seconds, form, out, at);
            System.arraycopy(out, at, written, 0, length);
            writtenForm = form;
            writtenMinute = seconds - seconds % 60;
        }
        if (fraction > 0) {
            int f = at + length;
            out[f] = (byte) FRACTION_MARK[fraction];
            int rest = (int) (value - seconds * (1_000_000_000 / UNIT_NANOS[fraction]));
            if (FRACTION_DIGITS[fraction] == 3) {
                // most have milliseconds; a multiplication is right up to 999
                int hundreds = rest * 5243 >>> 19;
                out[f + 1] = (byte) ('0' + hundreds);
                put(out, f + 2, rest - 100 * hundreds);
                return;
            }
            for (int i = FRACTION_DIGITS[fraction]; i > 0; i--) {
                int tenth = rest / 10;
                out[f + i] = (byte) ('0' + rest - 10 * tenth);
                rest = tenth;
            }
        }
    }

    private static long seconds(long value, int fraction) {
        // by constants, which compile to multiplications
        return switch (FRACTION_DIGITS[fraction]) {
            case 0 -> value;
            case 3 -> value / 1000;
            case 6 -> value / 1_000_000;
            default -> value / 1_000_000_000;
        };
    }

    private void writeSeconds(long seconds, int form, byte[] out, int at) {
        int layout = form & 15;
        int ofDay = (int) (seconds % 86_400);
        goTo(seconds / 86_400);
        int time;
        switch (layout) {
            case ISO_T, ISO_SPACE, SLASHES -> {
                byte dash = (byte) (layout == SLASHES ? '/' : '-');
                put(out, at, year / 100);
                put(out, at + 2, year % 100);
                out[at + 4] = dash;
                put(out, at + 5, month);
                out[at + 7] = dash;
                put(out, at + 8, dayOfMonth);
                out[at + 10] = (byte) (layout == ISO_T ? 'T' : ' ');
                time = at + 11;
            }
            case ACCESS_LOG -> {
                put(out, at, dayOfMonth);
                out[at + 2] = '/';
                System.arraycopy(MONTHS, 3 * (month - 1), out, at + 3, 3);
                out[at + 6] = '/';
                put(out, at + 7, year / 100);
                put(out, at + 9, year % 100);
                out[at + 11] = ':';
                time = at + 12;
            }
            case SYSLOG, ASCTIME -> {
                System.arraycopy(MONTHS, 3 * (month - 1), out, at, 3);
                out[at + 3] = ' ';
                put(out, at + 4, dayOfMonth);
                if (dayOfMonth < 10) {
                    out[at + 4] = ' ';
                }
                out[at + 6] = ' ';
                if (layout == ASCTIME) {
                    out[at + 15] = ' ';
                    put(out, at + 16, year / 100);
                    put(out, at + 18, year % 100);
                }
                time = at + 7;
            }
            case SHORT_YEAR -> {
                put(out, at, year % 100);
                out[at + 2] = '/';
                put(out, at + 3, month);
                out[at + 5] = '/';
                put(out, at + 6, dayOfMonth);
                out[at + 8] = ' ';
                time = at + 9;
            }
            default -> {
                put(out, at, year % 100);
                put(out, at + 2, month);
                put(out, at + 4, dayOfMonth);
                out[at + 6] = ' ';
                time = at + 7;
            }
        }
        int step = layout == DIGITS ? 2 : 3;
        put(out, time, ofDay / 3600);
        put(out, time + step, ofDay / 60 % 60);
        put(out, time + 2 * step, ofDay % 60);
        if (step == 3) {
            out[time + 2] = ':';
            out[time + 5] = ':';
        }
    }

    static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }

    private static int two(byte[] b, int at) {
        return isDigit(b[at]) && isDigit(b[at + 1]) ? (b[at] - '0') * 10 + b[at + 1] - '0' : -1_000_000;
    }

    private static void put(byte[] out, int at, int twoDigits) {
        // a multiplication instead of a division; right up to 99
        int tens = twoDigits * 103 >>> 10;
        out[at] = (byte) ('0' + tens);
        out[at + 1] = (byte) ('0' + twoDigits - 10 * tens);
    }

    private static int monthOf(byte[] b, int at) {
        for (int m = 0; m < 12; m++) {
            if (b[at] == MONTHS[3 * m] && b[at + 1] == MONTHS[3 * m + 1] && b[at + 2] == MONTHS[3 * m + 2]) {
                return m + 1;
            }
        }
        return 0;
    }

    private static int daysIn(int y, int m) {
        return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : MONTH_DAYS[m - 1];
    }

    /** Days since 1970 of a date of the Gregorian calendar. */
    private static long daysOf(int y, int m, int d) {
        int a = m <= 2 ? y - 1 : y;
        int ofYear = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
        return 365L * a + a / 4 - a / 100 + a / 400 + ofYear - 719_468;
    }

    /** Sets the date to a day since 1970. */
    private void goTo(long wanted) {
        if (wanted == day) {
            return;
        }
        long z = wanted + 719_468;
        long era = Math.floorDiv(z, 146_097L);
        int ofEra = (int) (z - era * 146_097);
        int yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
        int ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int m = (5 * ofYear + 2) / 153;
        dayOfMonth = ofYear - (153 * m + 2) / 5 + 1;
        month = m < 10 ? m + 3 : m - 9;
        year = (int) (yearOfEra + era * 400 + (month <= 2 ? 1 : 0));
        day = wanted;
    }
}
