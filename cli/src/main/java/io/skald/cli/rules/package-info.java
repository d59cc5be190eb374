/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@code skald rules}: checks, tests and synchronises files of rules. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.rules;
