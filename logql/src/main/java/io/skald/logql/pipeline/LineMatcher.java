/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** A condition on the bytes of a line. Confined to one thread. */
interface LineMatcher {
    boolean matches(byte[] buffer, int from, int to);
}
