/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Tells others of alerts: Alertmanagers, webhooks, mail. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.notify;
