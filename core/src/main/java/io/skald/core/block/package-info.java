/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The bytes of a block: columns of entries, compressed one by one. Format page: docs/formats/block.md. */
@org.jspecify.annotations.NullMarked
package io.skald.core.block;
