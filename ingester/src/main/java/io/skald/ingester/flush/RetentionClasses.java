/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.config.Limits;
import io.skald.core.config.RetentionStream;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.logql.parser.Parser;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which retention rule of a tenant keeps an entry. Entries of different rules go to different segments, so that what expires is whole objects.
 * A rule is a selector over the labels of the stream and, for names that are no label of it, the entry's structured metadata. Immutable.
 */
public final class RetentionClasses {
    private static final System.Logger LOG = System.getLogger(RetentionClasses.class.getName());
    /** One class for all entries. */
    static final RetentionClasses NONE = new RetentionClasses(List.of());

    private record Rule(String selector, List<Matcher> matchers) {}

    private final List<Rule> rules;

    private RetentionClasses(List<Rule> rules) {
        this.rules = rules;
    }

    /** The rules of a tenant, which come into force for what is flushed from now on. One that is no selector is reported and left out. */
    public static RetentionClasses of(Limits limits) {
        if (limits.retentionStream().isEmpty()) {
            return NONE;
        }
        List<Rule> rules = new ArrayList<>();
        limits.retentionStream().stream()
                .sorted(Comparator.comparingInt(RetentionStream::priority).reversed())
                .forEach(r -> {
                    String problem = problem(r.selector());
                    if (problem == null) {
                        rules.add(new Rule(r.selector(), Parser.parseSelector(r.selector())));
                    } else {
                        LOG.log(
                                System.Logger.Level.ERROR,
                                "limits.retention_stream: the rule ''{0}'' is left out: {1}",
                                r.selector(),
                                problem);
                    }
                });
        return new RetentionClasses(rules);
    }

    /** What is wrong with the selector of a rule; null if nothing is. */
    public static @Nullable String problem(String selector) {
        try {
            return Parser.parseSelector(selector).isEmpty() ? "no matchers" : null;
        } catch (RequestException e) {
            return e.getMessage();
        }
    }

    /** All classes: the selectors of the rules, and the empty one of what no rule matches. */
    List<String> all() {
        List<String> all = new ArrayList<>();
        all.add("");
        rules.forEach(r -> {
            if (!all.contains(r.selector)) {
                all.add(r.selector);
            }
        });
        return all;
    }

    /** The class of all entries of a stream, or null if it depends on the entry. */
    @Nullable
    String ofStream(Labels stream) {
        for (Rule r : rules) {
            boolean depends = false;
            boolean matches = true;
            for (Matcher m : r.matchers) {
                if (stream.has(m.name())) {
                    matches &= m.matches(stream.getOrEmpty(m.name()));
                } else {
                    depends = true;
                }
            }
            if (matches) {
                return depends ? null : r.selector;
            }
        }
        return "";
    }

    private String ofEntry(Labels stream, Labels metadata) {
        for (Rule r : rules) {
            boolean matches = true;
            for (Matcher m : r.matchers) {
                String value = stream.has(m.name()) ? stream.getOrEmpty(m.name()) : metadata.getOrEmpty(m.name());
                matches &= m.matches(value);
            }
            if (matches) {
                return r.selector;
            }
        }
        return "";
    }

    /** The entries of a batch that are of a class. */
    EntryBatch only(EntryBatch batch, String selector) {
        EntryBatch out = new EntryBatch(batch.labels(), batch.size());
        for (int i = 0; i < batch.size(); i++) {
            if (ofEntry(batch.labels(), batch.metadata(i)).equals(selector)) {
                out.add(batch.timestampNanos(i), batch.buffer(i), batch.offset(i), batch.length(i), batch.metadata(i));
            }
        }
        return out;
    }
}
