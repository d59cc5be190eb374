/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;

/** A compiled stage, thread-safe; binds itself to streams. */
interface StepFactory {
    Step forStream(Labels streamLabels);

    /** A stage without state: the same step serves every stream and thread. */
    static StepFactory shared(Step step) {
        return labels -> step;
    }
}
