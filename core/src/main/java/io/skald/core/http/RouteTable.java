/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The routes of a server. Filled by one thread before the server starts, then read by many. */
final class RouteTable {
    /** What serves a path and method. */
    sealed interface Target {}

    record Plain(Router.Handler handler) implements Target {}

    record Socket(Router.SocketHandler handler) implements Target {}

    /** The outcome of a lookup. */
    sealed interface Match {}

    record Found(String pattern, Target target, Map<String, String> pathParams) implements Match {}

    record WrongMethod(String pattern, List<String> allowed) implements Match {}

    record Unknown() implements Match {}

    private record Route(String pattern, String[] parts, Map<String, Target> byMethod) {}

    private final Map<String, Route> fixed = new HashMap<>();
    private final List<Route> templated = new ArrayList<>();

    void add(List<String> methods, String pattern, Target target) {
        if (!pattern.startsWith("/")) {
            throw new IllegalArgumentException("a route's pattern begins with a slash: " + pattern);
        }
        Route route = find(pattern);
        if (route == null) {
            route = new Route(pattern, pattern.split("/", -1), new TreeMap<>());
            if (pattern.indexOf('{') < 0) {
                fixed.put(pattern, route);
            } else {
                templated.add(route);
            }
        }
        for (String m : methods) {
            if (route.byMethod.putIfAbsent(m, target) != null) {
                throw new IllegalStateException("two routes for " + m + " " + pattern);
            }
        }
    }

    private @Nullable Route find(String pattern) {
        for (Route r : templated) {
            if (r.pattern.equals(pattern)) {
                return r;
            }
        }
        return fixed.get(pattern);
    }

    /** @param rawPath still percent-encoded, so that an encoded slash stays within its segment */
    Match match(String method, String rawPath) {
        Route route = fixed.get(rawPath.indexOf('%') < 0 ? rawPath : UrlEncoding.decode(rawPath, false));
        Map<String, String> params = Map.of();
        if (route == null) {
            String[] parts = rawPath.split("/", -1);
            for (Route r : templated) {
                Map<String, String> p = capture(r.parts, parts);
                if (p != null) {
                    route = r;
                    params = p;
                    break;
                }
            }
        }
        if (route == null) {
            return new Unknown();
        }
        Target target = route.byMethod.get(method);
        return target == null
                ? new WrongMethod(route.pattern, List.copyOf(route.byMethod.keySet()))
                : new Found(route.pattern, target, params);
    }

    private static @Nullable Map<String, String> capture(String[] pattern, String[] parts) {
        if (pattern.length != parts.length) {
            return null;
        }
        Map<String, String> params = new HashMap<>();
        for (int i = 0; i < pattern.length; i++) {
            String p = pattern[i];
            String value = UrlEncoding.decode(parts[i], false);
            if (p.startsWith("{") && p.endsWith("}") && !value.isEmpty()) {
                params.put(p.substring(1, p.length() - 1), value);
            } else if (!p.equals(value)) {
                return null;
            }
        }
        return params;
    }
}
