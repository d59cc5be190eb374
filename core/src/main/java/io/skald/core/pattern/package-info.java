/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * Finds what lines have in common: patterns such as {@code user <_> logged in from <_>}. Knows no source of entries; the engine feeds it one
 * stream after the other and merges what it found.
 */
@org.jspecify.annotations.NullMarked
package io.skald.core.pattern;
