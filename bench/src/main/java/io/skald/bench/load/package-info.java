/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Load on a whole process over HTTP: surge, many streams, backlog, restart. Run from source; see docs/benchmarks.md. */
@org.jspecify.annotations.NullMarked
package io.skald.bench.load;
