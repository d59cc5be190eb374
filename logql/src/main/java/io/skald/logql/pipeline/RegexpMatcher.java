/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Regexp;
import io.skald.logql.regexp.ByteRegexp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs an RE2 expression over the bytes of lines, unanchored. Literals that the expression cannot do without are looked for first. Confined
 * to one thread.
 */
final class RegexpMatcher implements LineMatcher {
    private final Pattern pattern;
    private final @Nullable Needle prefilter;
    private final @Nullable ByteRegexp automaton;
    private @Nullable Matcher matcher;

    /** @param automaton says whether there is a match, if it can; else null */
    RegexpMatcher(Pattern pattern, @Nullable Needle prefilter, @Nullable ByteRegexp automaton) {
        this.pattern = pattern;
        this.prefilter = prefilter;
        this.automaton = automaton;
    }

    /** @throws PipelineException naming what is wrong with the expression */
    static Pattern compile(String regexp) {
        try {
            return Regexp.compile(regexp);
        } catch (PatternSyntaxException e) {
            throw new PipelineException(Regexp.message(e));
        }
    }

    static @Nullable Needle prefilter(RegexpLiterals literals) {
        String longest = literals.longest();
        return longest == null ? null : new Needle(RegexpLiterals.utf8(longest), literals.ignoreCase());
    }

    @Override
    public boolean matches(byte[] buffer, int from, int to) {
        if (prefilter != null && prefilter.indexIn(buffer, from, to) < 0) {
            return false;
        }
        return switch (decided(buffer, from, to)) {
            case MATCH -> true;
            case NO_MATCH -> false;
            case UNKNOWN -> run(buffer, from, to) != null;
        };
    }

    private ByteRegexp.Answer decided(byte[] buffer, int from, int to) {
        ByteRegexp a = automaton;
        return a == null || !Utf8.isValid(buffer, from, to) ? ByteRegexp.Answer.UNKNOWN : a.find(buffer, from, to);
    }

    /** The first match, with offsets in bytes from {@code from}, or null. Valid until the next call. */
    @Nullable
    Matcher find(byte[] buffer, int from, int to) {
        if (prefilter != null && prefilter.indexIn(buffer, from, to) < 0) {
            return null;
        }
        if (decided(buffer, from, to) == ByteRegexp.Answer.NO_MATCH) {
            return null;
        }
        return run(buffer, from, to);
    }

    private @Nullable Matcher run(byte[] buffer, int from, int to) {
        byte[] line = Arrays.copyOfRange(buffer, from, to);
        if (!Utf8.isValid(line, 0, line.length)) {
            // offsets would not fit the line any more, but whoever needs offsets checks validity first
            line = new String(line, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        }
        Matcher m = matcher;
        if (m == null) {
            m = pattern.matcher(line);
            matcher = m;
        } else {
            m.reset(line);
        }
        return m.find() ? m : null;
    }

    /** A matcher for one alternative of a line filter. */
    static Factory factory(String regexp) {
        Pattern pattern = compile(regexp);
        RegexpLiterals literals = RegexpLiterals.of(regexp);
        List<String> alternatives = literals.alternatives();
        if (alternatives != null) {
            LineMatcher[] needles = alternatives.stream()
                    .map(a -> new Needle(RegexpLiterals.utf8(a), literals.ignoreCase()))
                    .toArray(LineMatcher[]::new);
            LineMatcher any = LineFilters.any(needles);
            return () -> any;
        }
        Needle prefilter = prefilter(literals);
        ByteRegexp automaton = ByteRegexp.of(regexp);
        return () -> new RegexpMatcher(pattern, prefilter, automaton);
    }

    /** Makes a matcher for each thread. */
    interface Factory {
        LineMatcher create();
    }
}
