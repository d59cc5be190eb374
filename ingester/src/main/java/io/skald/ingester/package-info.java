/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The ingester as a whole: takes pushes, keeps them in the WAL, serves what is recent and flushes the rest into segments. Wired up by the process that runs it. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester;
