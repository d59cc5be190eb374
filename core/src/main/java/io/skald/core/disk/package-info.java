/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The file operations that durability rests on, behind an interface, so that tests can make them fail or forget. */
@org.jspecify.annotations.NullMarked
package io.skald.core.disk;
