/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Stages that set and take away labels, metadata and tenant. */
final class LabelStages {
    private LabelStages() {}

    static Labels with(Labels l, String name, String value) {
        return value.equals(l.get(name)) ? l : l.toBuilder().set(name, value).build();
    }

    private static Labels without(Labels l, String name) {
        return l.has(name) ? l.toBuilder().remove(name).build() : l;
    }

    /** {@code labels}: a value that is empty takes the label away. */
    static final class SetLabels extends Stage.Simple {
        private final Map<String, String> sources;
        private Labels lastFrom = Labels.EMPTY;
        private Labels lastTo = Labels.EMPTY;
        private @Nullable String[] lastValues = new String[0];

        SetLabels(Map<String, String> sources) {
            this.sources = sources;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // a shortcut for what is mostly the same object
        boolean apply(LogEntry e) {
            @Nullable String[] values = new String[sources.size()];
            int i = 0;
            for (String source : sources.values()) {
                values[i++] = Values.text(e.extracted(source));
            }
            // the same as for the line before, more often than not
            if (e.labels() != lastFrom || !java.util.Arrays.equals(values, lastValues)) {
                Labels l = e.labels();
                i = 0;
                for (String name : sources.keySet()) {
                    String v = values[i++];
                    if (v != null) {
                        l = v.isEmpty() ? without(l, name) : with(l, name, v);
                    }
                }
                lastFrom = e.labels();
                lastValues = values;
                lastTo = l;
            }
            e.setLabels(lastTo);
            return true;
        }
    }

    /** {@code structured_metadata}: extracted values, and labels, which are moved. */
    static final class Metadata extends Stage.Simple {
        private final Map<String, String> sources;

        Metadata(Map<String, String> sources) {
            this.sources = sources;
        }

        @Override
        boolean apply(LogEntry e) {
            Labels m = e.metadata();
            Labels l = e.labels();
            for (Map.Entry<String, String> s : sources.entrySet()) {
                String ofLabel = l.get(s.getValue());
                String v = ofLabel != null ? ofLabel : Values.text(e.extracted(s.getValue()));
                if (ofLabel != null) {
                    l = without(l, s.getValue());
                }
                if (v != null && !v.isEmpty()) {
                    m = with(m, s.getKey(), v);
                }
            }
            e.setMetadata(m);
            e.setLabels(l);
            return true;
        }
    }

    /** {@code labeldrop} and {@code labelallow}. */
    static final class Filter extends Stage.Simple {
        private final Set<String> names;
        private final boolean keep;
        private Labels lastFrom = Labels.EMPTY;
        private Labels lastTo = Labels.EMPTY;

        /** @param keep whether these labels stay, or all others */
        Filter(Set<String> names, boolean keep) {
            this.names = names;
            this.keep = keep;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // a shortcut for what is mostly the same object
        boolean apply(LogEntry e) {
            if (e.labels() != lastFrom) {
                lastFrom = e.labels();
                Labels.Builder b = lastFrom.toBuilder();
                lastFrom.names().stream().filter(n -> names.contains(n) != keep).forEach(b::remove);
                lastTo = b.build();
            }
            e.setLabels(lastTo);
            return true;
        }
    }

    /** {@code tenant}: of a label, a value, or fixed. */
    static final class Tenant extends Stage.Simple {
        private static final System.Logger LOG = System.getLogger(Tenant.class.getName());

        private final @Nullable String label;
        private final @Nullable String source;
        private final @Nullable String value;
        private boolean told;

        Tenant(@Nullable String label, @Nullable String source, @Nullable String value) {
            this.label = label;
            this.source = source;
            this.value = value;
        }

        @Override
        boolean apply(LogEntry e) {
            String id =
                    label != null ? e.labels().get(label) : source != null ? Values.text(e.extracted(source)) : value;
            if (id == null || id.isEmpty()) {
                return true;
            }
            try {
                e.setTenant(new TenantId(id));
            } catch (RequestException wrong) {
                if (!told) {
                    told = true;
                    LOG.log(
                            System.Logger.Level.WARNING,
                            () -> "lines stay with the default tenant: " + wrong.getMessage());
                }
            }
            return true;
        }
    }
}
