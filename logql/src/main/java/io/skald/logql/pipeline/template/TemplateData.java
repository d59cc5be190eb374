/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a template is run over: one entry. */
public interface TemplateData {
    /** A label, or null. */
    @Nullable
    String label(String name);

    /** All labels, sorted. */
    Map<String, String> labels();

    String line();

    long timestampNanos();
}
