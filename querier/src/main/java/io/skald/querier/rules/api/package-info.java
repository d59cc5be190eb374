/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The HTTP APIs of rules as Loki, Prometheus and their tools know them. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.api;
