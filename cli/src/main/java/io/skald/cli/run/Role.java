/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

/** What a process does. */
public enum Role {
    /** Everything. */
    ALL,
    /** Takes pushes, and answers queriers. */
    INGESTER,
    /** Answers queries. */
    QUERIER;

    boolean ingests() {
        return this != QUERIER;
    }

    boolean queries() {
        return this != INGESTER;
    }
}
