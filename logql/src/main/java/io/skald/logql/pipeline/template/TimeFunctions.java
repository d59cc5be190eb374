/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions and methods of templates that deal with times. */
final class TimeFunctions {
    static final Set<String> NAMES = Set.of(
            "now", "date", "toDate", "toDateInZone", "unixEpoch", "unixEpochMillis", "unixEpochNanos", "unixToTime");

    private TimeFunctions() {}

    static Object call(String name, List<@Nullable Object> args) {
        return switch (name) {
            case "now" -> new GoTime(ZonedDateTime.now(ZoneOffset.UTC));
            case "date" -> dateOf(Functions.arg(name, args, 1)).format(Functions.text(name, args, 0));
            case "toDate" -> parse(Functions.text(name, args, 0), Functions.text(name, args, 1), ZoneOffset.UTC);
            case "toDateInZone" ->
                parse(
                        Functions.text(name, args, 0),
                        Functions.text(name, args, 2),
                        zone(Functions.text(name, args, 1)));
            case "unixEpoch" -> Long.toString(time(name, args, 0).unix());
            case "unixEpochMillis" ->
                Long.toString(Math.floorDiv(time(name, args, 0).unixNanos(), 1_000_000L));
            case "unixEpochNanos" -> Long.toString(time(name, args, 0).unixNanos());
            default -> unixToTime(Functions.text(name, args, 0));
        };
    }

    private static GoTime parse(String layout, String text, ZoneId zone) {
        GoTime t = GoTime.parse(layout, text, zone);
        return t == null ? GoTime.ZERO : t;
    }

    private static ZoneId zone(String name) {
        try {
            return name.isEmpty() || name.equals("Local") ? ZoneOffset.UTC : ZoneId.of(name);
        } catch (DateTimeException e) {
            // an unknown zone counts as UTC
            return ZoneOffset.UTC;
        }
    }

    /** A number is seconds since the epoch. */
    private static GoTime dateOf(@Nullable Object v) {
        return switch (v) {
            case GoTime t -> t;
            case Long l -> GoTime.ofNanos(l * 1_000_000_000L);
            case null -> new GoTime(ZonedDateTime.now(ZoneOffset.UTC));
            default -> new GoTime(ZonedDateTime.now(ZoneOffset.UTC));
        };
    }

    private static GoTime time(String name, List<@Nullable Object> args, int i) {
        Object v = Functions.arg(name, args, i);
        if (v instanceof GoTime t) {
            return t;
        }
        throw new CallException("wrong type for value; expected time.Time; got " + GoFormat.type(v), false);
    }

    /** The number of digits tells the unit. */
    private static GoTime unixToTime(String text) {
        if (!text.matches("[+-]?[0-9]{1,19}")) {
            throw new CallException(
                    "unable to parse time '" + text + "': strconv.ParseInt: parsing " + GoStrings.quote(text)
                            + ": invalid syntax",
                    true);
        }
        long unit = switch (text.length()) {
            case 5 -> 86_400_000_000_000L;
            case 10 -> 1_000_000_000L;
            case 13 -> 1_000_000L;
            case 16 -> 1_000L;
            case 19 -> 1L;
            default -> 0L;
        };
        if (unit == 0) {
            throw new CallException("unable to parse time '" + text + "': %!w(<nil>)", true);
        }
        return GoTime.ofNanos(Numbers.toLong(text) * unit);
    }

    /** A method of a time or a duration. */
    static Object method(Object of, String name, List<@Nullable Object> args) {
        return of instanceof GoTime t ? method(t, name, args) : method((GoDuration) of, name);
    }

    private static Object method(GoTime time, String name, List<@Nullable Object> args) {
        ZonedDateTime t = time.time();
        return switch (name) {
            case "Format" -> time.format(Functions.text(name, args, 0));
            case "Add" -> new GoTime(t.plusNanos(nanos(name, args)));
            case "AddDate" ->
                new GoTime(t.plusYears(Functions.integer(name, args, 0))
                        .plusMonths(Functions.integer(name, args, 1))
                        .plusDays(Functions.integer(name, args, 2)));
            case "Sub" -> new GoDuration(time.unixNanos() - time(name, args, 0).unixNanos());
            case "Truncate" -> {
                long unit = nanos(name, args);
                yield unit <= 0 ? time : new GoTime(t.minusNanos(Math.floorMod(time.unixNanos(), unit)));
            }
            case "Before" -> t.isBefore(time(name, args, 0).time());
            case "After" -> t.isAfter(time(name, args, 0).time());
            case "Equal" -> t.isEqual(time(name, args, 0).time());
            case "UTC", "Local" -> new GoTime(t.withZoneSameInstant(ZoneOffset.UTC));
            case "Year" -> (long) t.getYear();
            case "Month" -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case "Day" -> (long) t.getDayOfMonth();
            case "Hour" -> (long) t.getHour();
            case "Minute" -> (long) t.getMinute();
            case "Second" -> (long) t.getSecond();
            case "Nanosecond" -> (long) t.getNano();
            case "YearDay" -> (long) t.getDayOfYear();
            case "Weekday" -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case "Unix" -> time.unix();
            case "UnixMilli" -> Math.floorDiv(time.unixNanos(), 1_000_000L);
            case "UnixMicro" -> ChronoUnit.MICROS.between(java.time.Instant.EPOCH, t.toInstant());
            case "UnixNano" -> time.unixNanos();
            case "IsZero" -> t.isEqual(GoTime.ZERO.time());
            case "String" -> time.toString();
            default -> throw new CallException("can't evaluate field " + name + " in type time.Time", false);
        };
    }

    private static long nanos(String name, List<@Nullable Object> args) {
        return switch (Functions.arg(name, args, 0)) {
            case Long l -> l;
            case GoDuration d -> d.nanos();
            case null -> throw new CallException("wrong type for value; expected time.Duration", false);
            default -> throw new CallException("wrong type for value; expected time.Duration", false);
        };
    }

    private static Object method(GoDuration d, String name) {
        return switch (name) {
            case "Seconds" -> d.in(1_000_000_000L);
            case "Minutes" -> d.in(60_000_000_000L);
            case "Hours" -> d.in(3_600_000_000_000L);
            case "Milliseconds" -> d.nanos() / 1_000_000;
            case "Microseconds" -> d.nanos() / 1_000;
            case "Nanoseconds" -> d.nanos();
            case "String" -> d.toString();
            default -> throw new CallException("can't evaluate field " + name + " in type time.Duration", false);
        };
    }
}
