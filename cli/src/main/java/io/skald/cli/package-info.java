/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The executable {@code skald}: dispatches to sub-commands, and what they share (output, exit codes). */
@org.jspecify.annotations.NullMarked
package io.skald.cli;
