/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.util.Locale;

/** When a push is acknowledged. */
public enum WalSync {
    /** After its record is fsynced. */
    ALWAYS,
    /** After its record is written; fsynced every so often. */
    INTERVAL;

    /** The name as written in a config file. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
