/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

/** Where and how the HTTP API is served. */
public record HttpSettings(
        @Setting(
                "Address and port of Loki's API, as `HOST:PORT`; `:PORT` serves on every address, port 0 lets the system choose.")
        HostPort listen,

        @Setting(value = "Longest request body, as sent.", bytes = true, min = "64KB", max = "1GB")
        long maxBodySize) {
    public static final HttpSettings DEFAULTS = new HttpSettings(new HostPort("127.0.0.1", 3100), 64L << 20);
}
