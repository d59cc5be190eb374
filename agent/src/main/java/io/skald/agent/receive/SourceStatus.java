/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

/**
 * How a source or a discovery does.
 *
 * @param job that it is of
 * @param type as in the configuration: {@code syslog}, {@code kafka}, {@code kubernetes_sd}, …
 * @param at where it listens, or what it reads
 * @param lastError what went wrong last, also if it has been well since; empty if nothing has
 * @param lastErrorMillis when that was, milliseconds since 1970; 0 if nothing has
 * @param entries that it has brought since the configuration is in force
 * @param lastEntryMillis when it brought the last, milliseconds since 1970; 0 if it has not brought any
 */
public record SourceStatus(
        String job,
        String type,
        String at,
        State state,
        String lastError,
        long lastErrorMillis,
        long entries,
        long lastEntryMillis) {
    /** What it does at present. */
    public enum State {
        RUNNING,
        /** It does not work at present, and is tried again. */
        FAILING,
        /** Nothing more can come of it. */
        ENDED
    }
}
