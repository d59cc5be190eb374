/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** What a flush writes: one immutable object with chunks of many streams, a series directory and statistics. Format page: docs/formats/segment.md. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.segment;
