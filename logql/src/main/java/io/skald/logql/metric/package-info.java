/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Range and vector functions over samples: windows, aggregations, operators. Knows no source of entries; used by the engine. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.metric;
