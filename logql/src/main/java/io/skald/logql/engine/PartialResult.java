/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import org.jspecify.annotations.Nullable;

/**
 * An answer that may be a part of the whole.
 *
 * @param result what there is, exact as far as it goes; its warnings say what made it stop
 * @param resume where the rest begins, or null if this is all
 */
public record PartialResult(QueryResult result, @Nullable Resume resume) {}
