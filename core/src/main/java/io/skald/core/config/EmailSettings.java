/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.nio.file.Path;
import java.util.List;

/** Mail about alerts. */
public record EmailSettings(
        @Setting("SMTP server as `HOST:PORT`; empty for no mail.")
        String smarthost,

        @Setting("Sender.") String from,
        @Setting("Receivers.") List<String> to,

        @Setting("User at the SMTP server; empty for none.") String authUsername,

        @Setting("File with the password.") Path authPasswordFile,

        @Setting("Whether the connection must be encrypted (STARTTLS, or TLS at port 465).")
        boolean requireTls,

        @Setting("PEM file with the certificates to trust; empty for those that Java trusts.")
        Path tlsCaPath) {
    public static final EmailSettings DEFAULTS =
            new EmailSettings("", "", List.of(), "", Path.of(""), true, Path.of(""));

    public EmailSettings {
        to = List.copyOf(to);
        if (!smarthost.isEmpty() && (from.isEmpty() || to.isEmpty())) {
            throw new IllegalArgumentException("smarthost needs from and to");
        }
    }
}
