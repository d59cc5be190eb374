/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import java.util.Objects;

/**
 * What this build is.
 *
 * @param version of Skald
 * @param revision of the source, empty when unknown
 */
public record BuildInfo(String version, String revision) {
    /** The Loki version whose API is spoken; Grafana chooses features by it. */
    public static final String LOKI_API_VERSION = "3.7.6";

    /** As the jar's manifest says; {@code dev} outside a jar. */
    public static BuildInfo current() {
        Package p = BuildInfo.class.getPackage();
        return new BuildInfo(Objects.requireNonNullElse(p.getImplementationVersion(), "dev"), "");
    }
}
