/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Segments as files of one directory. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.file;
