/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The command that looks at files of a data directory. It reads them only, and needs no server. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.inspect;
