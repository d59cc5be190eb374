/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One rule that makes labels of labels, as Prometheus has them. Immutable.
 *
 * @param sources labels whose values are joined
 * @param separator between them
 * @param regex must match all of the joined value, see {@link #regex(String)}
 * @param modulus for {@link Action#HASHMOD}
 * @param target the label that is written
 * @param replacement what is written, see {@link GroupTemplate}
 */
public record Relabel(
        List<String> sources,
        String separator,
        Pattern regex,
        long modulus,
        String target,
        String replacement,
        Action action) {
    /** What a rule does. */
    public enum Action {
        REPLACE,
        KEEP,
        DROP,
        KEEPEQUAL,
        DROPEQUAL,
        LABELMAP,
        LABELDROP,
        LABELKEEP,
        HASHMOD,
        LOWERCASE,
        UPPERCASE
    }

    public Relabel {
        sources = List.copyOf(sources);
    }

    /**
     * An expression as rules have it: a dot matches line feeds too.
     *
     * @throws com.google.re2j.PatternSyntaxException if it is none
     */
    public static Pattern regex(String expression) {
        return Regexp.compile("(?s:" + expression + ")");
    }

    /** Applies rules one after the other; null if one of them drops the target. */
    public static @Nullable Map<String, String> apply(List<Relabel> rules, Map<String, String> labels) {
        Map<String, String> out = new TreeMap<>(labels);
        for (Relabel r : rules) {
            if (!r.apply(out)) {
                return null;
            }
        }
        out.values().removeIf(String::isEmpty);
        return out;
    }

    private boolean apply(Map<String, String> labels) {
        String value = String.join(
                separator, sources.stream().map(s -> labels.getOrDefault(s, "")).toList());
        Matcher m = regex.matcher(value);
        switch (action) {
            case KEEP -> {
                return m.matches();
            }
            case DROP -> {
                return !m.matches();
            }
            case KEEPEQUAL -> {
                return value.equals(labels.getOrDefault(target, ""));
            }
            case DROPEQUAL -> {
                return !value.equals(labels.getOrDefault(target, ""));
            }
            case REPLACE -> {
                if (m.matches()) {
                    set(labels, GroupTemplate.expand(target, m), GroupTemplate.expand(replacement, m));
                }
            }
            case LOWERCASE -> set(labels, target, value.toLowerCase(Locale.ROOT));
            case UPPERCASE -> set(labels, target, value.toUpperCase(Locale.ROOT));
            case HASHMOD -> set(labels, target, Long.toString(Long.remainderUnsigned(md5(value), modulus)));
            case LABELMAP ->
                Map.copyOf(labels).forEach((name, v) -> {
                    Matcher n = regex.matcher(name);
                    if (n.matches()) {
                        set(labels, GroupTemplate.expand(replacement, n), v);
                    }
                });
            case LABELDROP -> labels.keySet().removeIf(n -> regex.matcher(n).matches());
            case LABELKEEP -> labels.keySet().removeIf(n -> !regex.matcher(n).matches());
        }
        return true;
    }

    private static void set(Map<String, String> labels, String name, String value) {
        if (value.isEmpty()) {
            labels.remove(name);
        } else if (isName(name)) {
            labels.put(name, value);
        }
    }

    private static boolean isName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
            if (!letter && (i == 0 || c < '0' || c > '9')) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    /** The last eight bytes of an MD5, as Prometheus takes them. */
    private static long md5(String value) {
        try {
            byte[] d = MessageDigest.getInstance("MD5").digest(value.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(d).getLong(8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
