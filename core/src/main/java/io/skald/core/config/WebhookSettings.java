/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

/** A webhook that is told of alerts, in the format of Alertmanager's webhooks. */
public record WebhookSettings(
        @Setting("Where alerts are posted; empty for nowhere.")
        String url,

        @Setting("How the webhook is spoken to") ClientSettings client) {
    public static final WebhookSettings DEFAULTS = new WebhookSettings("", ClientSettings.DEFAULTS);
}
