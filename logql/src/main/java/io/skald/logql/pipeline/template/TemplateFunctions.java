/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Functions that a template may call beside those that every template may. Values are {@link String}, {@link Long}, {@link Double},
 * {@link Boolean}, {@link List}, {@link java.util.Map} and null; a {@link java.util.SortedMap} stands for a map of strings, in which
 * whatever is not there is the empty text.
 */
public interface TemplateFunctions {
    /** None. */
    TemplateFunctions NONE = new TemplateFunctions() {
        @Override
        public boolean has(String name) {
            return false;
        }

        @Override
        public @Nullable Object call(String name, List<@Nullable Object> args) {
            throw new IllegalArgumentException("function \"" + name + "\" not defined");
        }
    };

    /** Whether there is a function of that name; it goes before a common one. */
    boolean has(String name);

    /** @throws IllegalArgumentException if it fails; the message becomes the template's */
    @Nullable
    Object call(String name, List<@Nullable Object> args);
}
