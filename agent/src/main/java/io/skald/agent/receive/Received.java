/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry from a source that is no file.
 *
 * @param labels its labels, and names with two underscores in front for relabelling
 * @param timeNanos its time, nanoseconds since 1970; 0 if it has none
 * @param tenant whose it is, or null
 */
public record Received(
        Map<String, String> labels,
        long timeNanos,
        byte[] line,
        Labels metadata,
        @Nullable TenantId tenant) {}
