/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/** Reads times by layouts as Go writes them: {@code 2006-01-02T15:04:05Z07:00}. Thread-safe. */
public final class TimeLayout {
    private TimeLayout() {}

    /**
     * Nanoseconds since 1970 of a text, or null if it does not have the layout's form.
     *
     * @param zone of times that do not say theirs
     * @param yearIfNone of times whose layout has no year
     */
    public static @Nullable Long parseNanos(String layout, String text, ZoneId zone, int yearIfNone) {
        boolean hasYear = layout.contains("2006") || layout.contains("06");
        GoTime t = hasYear
                ? GoTime.parse(layout, text, zone)
                : GoTime.parse("2006 " + layout, yearIfNone + " " + text, zone);
        return t == null ? null : t.unixNanos();
    }
}
