/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Alert and recording rules. Names are those of Loki's ruler where it has the setting. */
public record RulesSettings(
        @Setting("Whether rules are evaluated and served.") boolean enabled,

        @Setting(
                "Directory with files of rules: `*.yaml` in it belong to the tenant `fake`, those in `TENANT/` to that tenant. Empty for none; rules written through the API are there anyway.")
        Path directory,

        @Setting(value = "How often files and the store are looked at for changes.", min = "1s")
        Duration pollInterval,

        @Setting(value = "How often groups are evaluated that do not say so.", min = "1s")
        Duration evaluationInterval,

        @Setting(value = "Most groups that are evaluated at once.", min = "1")
        int maxConcurrent,

        @Setting(
                "Longest wait for lines that are measured to come late, in groups that do not say `max_delay`. 0s for none.")
        Duration maxDelay,

        @Setting(
                "For how long past evaluations of alerts are repeated when lines come later still, in groups that do not say `late_grace`. 0s for never.")
        Duration lateGrace,

        @Setting(
                "Longest stop after which pending and firing alerts are still known; after a longer one they begin anew.")
        Duration forOutageTolerance,

        @Setting(value = "How often a firing alert is sent again.", min = "1s")
        Duration resendDelay,

        @Setting("Grafana's address, for links to the lines of an alert; empty for this server's.")
        String externalUrl,

        @Setting("The UID of the data source in Grafana, for such links.")
        String datasourceUid,

        @Setting("Labels added to all alerts and recorded series, each as `name=value`.")
        List<String> externalLabels,

        @Setting("Alertmanagers, separated by commas; each gets every alert. Empty for none.")
        String alertmanagerUrl,

        @Setting(
                "Whether the host in `alertmanager_url` is a name in DNS of all of them: an SRV record if it begins with `_`, else every address.")
        boolean enableAlertmanagerDiscovery,

        @Setting(value = "How often DNS is asked.", min = "1s")
        Duration alertmanagerRefreshInterval,

        @Setting(value = "Most alerts that wait for one receiver; beyond it the oldest are dropped.", min = "1")
        int notificationQueueCapacity,

        @Setting(value = "How long a receiver may take to answer.", min = "100ms")
        Duration notificationTimeout,

        @Setting("How Alertmanagers are spoken to") ClientSettings alertmanagerClient,

        @Setting(
                "File with `relabel_configs` (a list as in Prometheus) that change or drop alerts before they are sent; empty for none.")
        Path alertRelabelFile,

        @Setting("Webhook") WebhookSettings webhook,
        @Setting("Mail") EmailSettings email,
        @Setting("Remote write") RemoteWriteSettings remoteWrite) {
    public static final RulesSettings DEFAULTS = new RulesSettings(
            true,
            Path.of(""),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            8,
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofMinutes(1),
            "",
            "",
            List.of(),
            "",
            false,
            Duration.ofMinutes(1),
            10_000,
            Duration.ofSeconds(10),
            ClientSettings.DEFAULTS,
            Path.of(""),
            WebhookSettings.DEFAULTS,
            EmailSettings.DEFAULTS,
            RemoteWriteSettings.DEFAULTS);

    public RulesSettings {
        externalLabels = List.copyOf(externalLabels);
        for (String l : externalLabels) {
            if (!l.matches("[a-zA-Z_][a-zA-Z0-9_]*=.*")) {
                throw new IllegalArgumentException("external_labels: '" + l + "' is not name=value");
            }
        }
    }
}
