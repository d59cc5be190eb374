/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * Skip filters: a small set of hashes per block that says "no line in here contains this text" without reading the block. Used by whoever
 * writes and reads segments. Format page: docs/formats/segment.md.
 */
@org.jspecify.annotations.NullMarked
package io.skald.core.filter;
