/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@code skald run}: the whole of Skald in one process. The only place that picks implementations and wires them. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.run;
