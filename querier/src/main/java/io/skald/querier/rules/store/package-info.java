/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Where rules come from: files that are watched, and groups that the API writes to the index store; also the state of alerts and the leases of evaluators. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.store;
