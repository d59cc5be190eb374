/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@code skald bench}: puts a known day of logs into any server that speaks Loki's API, and measures how it takes and answers it. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.bench;
