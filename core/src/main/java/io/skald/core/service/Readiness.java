/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a process can serve. Not ready until {@link #started}, nor after {@link #stopping}. Thread-safe. */
public final class Readiness {
    private record Check(String name, Supplier<@Nullable String> problem) {}

    private final List<Check> checks = new CopyOnWriteArrayList<>();
    private volatile String phase = "starting";

    /**
     * Adds a condition.
     *
     * @param problem gives null when all is well, else what is wrong; called for every probe, so it must be quick
     */
    public void add(String name, Supplier<@Nullable String> problem) {
        checks.add(new Check(name, problem));
    }

    /** Names of the parts of the process that a probe looks at, and whether all is well with each. */
    public Map<String, Boolean> parts() {
        Map<String, Boolean> parts = new LinkedHashMap<>();
        parts.put("server", phase.isEmpty());
        for (Check c : checks) {
            parts.put(c.name, c.problem.get() == null);
        }
        return parts;
    }

    /** Everything is open and the server listens. */
    public void started() {
        phase = "";
    }

    /** The process is on its way down. */
    public void stopping() {
        phase = "stopping";
    }

    /** Why the process is not ready; empty when it is. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        String p = phase;
        if (!p.isEmpty()) {
            problems.add(p);
        }
        for (Check c : checks) {
            String problem = c.problem.get();
            if (problem != null) {
                problems.add(c.name + ": " + problem);
            }
        }
        return problems;
    }
}
