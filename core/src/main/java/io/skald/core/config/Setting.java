/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes a component of a config record. Its key is the component's name in snake case; the component's type says how the value is
 * written. Documentation, checks and error messages are made from this.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** What it does, one or two sentences. */
    String value();

    /** Whether an {@code int} or {@code long} counts bytes, and may be written as {@code 256KB}. */
    boolean bytes() default false;

    /** The smallest value allowed, written as in a config file; empty for zero. */
    String min() default "";

    /** The largest value allowed, written as in a config file; empty for no limit but the type's. */
    String max() default "";
}
