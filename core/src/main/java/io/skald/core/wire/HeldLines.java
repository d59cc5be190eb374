/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.model.TenantId;
import java.util.List;

/**
 * Which lines of one generation of a file an ingester has seen. Lines are numbered from 0; what lies between the spans is missing, unless another
 * ingester has it.
 *
 * @param tenants whose pushes they were in
 * @param spans disjoint, in order, at least one line between them
 * @param givenUp lines within the spans that the agent had to give up
 */
public record HeldLines(
        Origin origin, List<TenantId> tenants, List<Span> spans, List<GivenUp> givenUp, long lastMillis) {
    /**
     * A generation of a file of an agent.
     *
     * @param agent who has read it
     * @param generation which of its files, as entries say in their metadata {@code origin}
     */
    public record Origin(String agent, String generation) {}

    /**
     * Lines that are there.
     *
     * @param first number of the first
     * @param end number behind the last
     * @param sinceMillis when it was first seen that lines in front of it are missing, if they are
     */
    public record Span(long first, long end, long sinceMillis) {}

    /**
     * Lines of a push of which some were given up.
     *
     * @param count how many lines from the first on the push was about
     * @param missing how many of them are gone
     */
    public record GivenUp(long first, long count, long missing, long atMillis) {}

    public HeldLines {
        tenants = List.copyOf(tenants);
        spans = List.copyOf(spans);
        givenUp = List.copyOf(givenUp);
    }

    /** Whether lines are missing in front of or between the spans, or were given up. */
    public boolean isIncomplete() {
        return !givenUp.isEmpty() || spans.size() > 1 || !spans.isEmpty() && spans.getFirst().first > 0;
    }
}
