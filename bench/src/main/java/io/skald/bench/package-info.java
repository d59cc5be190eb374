/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** JMH benchmarks of the hot paths. Run them as docs/benchmarks.md says; they are never part of a timed test. */
@org.jspecify.annotations.NullMarked
package io.skald.bench;
