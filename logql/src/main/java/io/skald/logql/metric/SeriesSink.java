/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.Labels;

/** Takes the series of a metric expression, one after the other. Confined to one thread. */
@FunctionalInterface
public interface SeriesSink {
    /**
     * @param labels of the series; each label set comes once
     * @param values one per step, {@link Values#ABSENT} where there is none; the caller reuses the array
     */
    void accept(Labels labels, double[] values);
}
