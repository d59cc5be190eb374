/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Range and vector functions over samples. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.metric;
