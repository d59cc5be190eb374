/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** The name of this node. */
final class Hosts {
    private Hosts() {}

    /** As the environment says it ({@code NODE_NAME}, {@code HOSTNAME}), or the system. */
    static String name() {
        String name = System.getenv().getOrDefault("NODE_NAME", System.getenv().getOrDefault("HOSTNAME", ""));
        if (!name.isEmpty()) {
            return name;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
