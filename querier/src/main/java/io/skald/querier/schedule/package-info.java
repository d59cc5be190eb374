/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Whose query runs when: a place for each query, and turns on the cores, fair between tenants. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.schedule;
