/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

/** Retention by size, of local stores; retention by time is a limit of the tenant. The oldest day of all tenants goes first. */
public record RetentionSettings(
        @Setting(value = "Most bytes of segments of all tenants together; 0 is no limit.", bytes = true)
        long maxSize,

        @Setting(value = "Free bytes of the disk below which the oldest day goes; 0 is never.", bytes = true)
        long minFree) {
    public static final RetentionSettings DEFAULTS = new RetentionSettings(0, 0);
}
