/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.net.URI;
import java.net.URISyntaxException;

/** The address of a service in a config file. */
final class Endpoint {
    private Endpoint() {}

    /** @throws IllegalArgumentException unless it is empty or an http or https URL */
    static void check(String endpoint) {
        if (endpoint.isEmpty()) {
            return;
        }
        try {
            URI uri = new URI(endpoint);
            String scheme = uri.getScheme();
            if (("http".equals(scheme) || "https".equals(scheme)) && uri.getHost() != null) {
                return;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("endpoint '" + endpoint + "' is not a URL: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("endpoint '" + endpoint + "' must be like https://host:port");
    }
}
