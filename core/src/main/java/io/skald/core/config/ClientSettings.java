/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.nio.file.Path;

/** How another service is spoken to: credentials and TLS. Secrets stand in files, which are read at every use. */
public record ClientSettings(
        @Setting("User for basic authentication; empty for none.")
        String basicAuthUsername,

        @Setting("File with the password for it.") Path basicAuthPasswordFile,

        @Setting("File with a bearer token; empty for none.")
        Path credentialsFile,

        @Setting("PEM file with the certificates to trust; empty for those that Java trusts.")
        Path tlsCaPath,

        @Setting("PEM file with the certificate to show; empty for none.")
        Path tlsCertPath,

        @Setting("PEM file with the key of that certificate, in PKCS#8.")
        Path tlsKeyPath,

        @Setting("Whether any certificate is taken.") boolean tlsInsecureSkipVerify) {
    public static final ClientSettings DEFAULTS =
            new ClientSettings("", Path.of(""), Path.of(""), Path.of(""), Path.of(""), Path.of(""), false);
}
