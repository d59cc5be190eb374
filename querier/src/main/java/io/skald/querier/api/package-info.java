/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The HTTP API that Grafana and the command line call: parameters, limits, answers as JSON, tails. Says nothing about where entries come from. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.api;
