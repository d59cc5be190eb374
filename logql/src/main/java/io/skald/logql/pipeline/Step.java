/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** A compiled stage bound to one stream. Confined to one thread. */
interface Step {
    /** Runs over the line; false drops it. */
    boolean apply(LineState state);
}
