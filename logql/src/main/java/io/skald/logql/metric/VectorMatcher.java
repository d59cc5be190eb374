/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.logql.ast.SampleExpr.BinaryOp;
import io.skald.logql.ast.SampleExpr.BinaryOperation;
import io.skald.logql.ast.SampleExpr.Cardinality;
import io.skald.logql.ast.SampleExpr.VectorMatching;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An operator between two vectors. Series meet by their match group, which depends on labels only, so groups are formed once and each is
 * then worked through step by step.
 */
public final class VectorMatcher {
    private final BinaryOperation operation;
    private final VectorMatching matching;
    private final Set<String> names;
    private final int steps;

    public VectorMatcher(BinaryOperation operation, int steps) {
        this.operation = operation;
        this.matching = operation.matching();
        this.names = Set.copyOf(matching.labels());
        this.steps = steps;
    }

    /**
     * Combines two tables; every result is passed on, a label set possibly more than once with values at different steps.
     *
     * @throws RequestException if series match ambiguously
     */
    public void apply(SeriesTable left, SeriesTable right, SeriesSink sink) {
        if (operation.op().isSet()) {
            applySet(left, right, sink);
        } else {
            applyArithmetic(left, right, sink);
        }
    }

    private Labels signature(Labels labels) {
        return matching.on() ? Groups.only(labels, names) : Groups.without(labels, names);
    }

    private Map<Labels, List<Integer>> bySignature(SeriesTable table) {
        Map<Labels, List<Integer>> groups = new HashMap<>();
        for (int i = 0; i < table.size(); i++) {
            groups.computeIfAbsent(signature(table.labels(i)), missing -> new ArrayList<>())
                    .add(i);
        }
        return groups;
    }

    private void applySet(SeriesTable left, SeriesTable right, SeriesSink sink) {
        if (operation.op() == BinaryOp.OR) {
            left.drainTo(sink);
            filter(right, left, false, sink);
        } else {
            filter(left, right, operation.op() == BinaryOp.AND, sink);
        }
    }

    /** Passes on what of {@code table} has, or has not, a partner in {@code other} at the same step. */
    private void filter(SeriesTable table, SeriesTable other, boolean wanted, SeriesSink sink) {
        Map<Labels, boolean[]> present = new HashMap<>();
        for (int i = 0; i < other.size(); i++) {
            boolean[] p = present.computeIfAbsent(signature(other.labels(i)), missing -> new boolean[steps]);
            double[] values = other.values(i);
            for (int s = 0; s < steps; s++) {
                p[s] |= !Values.absent(values[s]);
            }
        }
        for (int i = 0; i < table.size(); i++) {
            boolean[] p = present.get(signature(table.labels(i)));
            double[] values = table.values(i).clone();
            for (int s = 0; s < steps; s++) {
                if ((p != null && p[s]) != wanted) {
                    values[s] = Values.ABSENT;
                }
            }
            sink.accept(table.labels(i), values);
        }
    }

    private void applyArithmetic(SeriesTable left, SeriesTable right, SeriesSink sink) {
        boolean swapped = matching.cardinality() == Cardinality.ONE_TO_MANY;
        SeriesTable many = swapped ? right : left;
        SeriesTable one = swapped ? left : right;
        Map<Labels, List<Integer>> ones = bySignature(one);
        Map<Labels, int[]> owners = new HashMap<>();
        ones.forEach((group, members) -> owners.put(group, ownerPerStep(one, members, swapped)));
        bySignature(many).forEach((group, members) -> {
            int[] owner = owners.get(group);
            if (owner != null) {
                combine(many, members, one, owner, swapped, sink);
            }
        });
    }

    /** Which series of the "one" side has a value at each step, or -1. */
    private int[] ownerPerStep(SeriesTable one, List<Integer> members, boolean swapped) {
        int[] owner = new int[steps];
        java.util.Arrays.fill(owner, -1);
        for (int i : members) {
            double[] values = one.values(i);
            for (int s = 0; s < steps; s++) {
                if (!Values.absent(values[s])) {
                    if (owner[s] >= 0) {
                        throw ambiguous(
                                "found duplicate series on the " + (swapped ? "left" : "right")
                                        + " hand-side;many-to-many matching not allowed: matching labels must be unique on one side");
                    }
                    owner[s] = i;
                }
            }
        }
        return owner;
    }

    private void combine(
            SeriesTable many, List<Integer> members, SeriesTable one, int[] owner, boolean swapped, SeriesSink sink) {
        // with one partner for all steps, which is the rule, the result's labels are made once per series
        Map<Integer, double[]> rows = new HashMap<>();
        Set<Labels>[] taken = newSets();
        for (int i : members) {
            rows.clear();
            double[] values = many.values(i);
            for (int s = 0; s < steps; s++) {
                if (owner[s] < 0 || Values.absent(values[s])) {
                    continue;
                }
                double other = one.values(owner[s])[s];
                double v = swapped ? compute(other, values[s]) : compute(values[s], other);
                if (!Values.absent(v)) {
                    rows.computeIfAbsent(owner[s], missing -> Values.none(steps))[s] = v;
                }
            }
            for (Map.Entry<Integer, double[]> row : rows.entrySet()) {
                Labels labels = resultLabels(many.labels(i), one.labels(row.getKey()));
                checkUnique(labels, row.getValue(), taken);
                sink.accept(labels, row.getValue());
            }
        }
    }

    @SuppressWarnings("unchecked") // an array of a generic type can be made in no other way
    private Set<Labels>[] newSets() {
        return (Set<Labels>[]) new Set<?>[steps];
    }

    private void checkUnique(Labels labels, double[] row, @Nullable Set<Labels>[] taken) {
        boolean oneToOne = matching.cardinality() == Cardinality.ONE_TO_ONE;
        for (int s = 0; s < steps; s++) {
            if (Values.absent(row[s])) {
                continue;
            }
            Set<Labels> set = taken[s];
            if (set == null) {
                set = new HashSet<>(2);
                taken[s] = set;
            }
            if (oneToOne && !set.isEmpty()) {
                throw ambiguous(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
            }
            if (!set.add(labels)) {
                throw ambiguous("multiple matches for labels: grouping labels must ensure unique matches");
            }
        }
    }

    private double compute(double left, double right) {
        double v = Arithmetic.apply(operation.op(), left, right);
        if (!operation.op().isComparison() || operation.returnBool()) {
            return v;
        }
        return v == 1 ? left : Values.ABSENT;
    }

    private Labels resultLabels(Labels many, Labels one) {
        Labels base = matching.cardinality() == Cardinality.ONE_TO_ONE ? signature(many) : many;
        if (matching.include().isEmpty()) {
            return base;
        }
        Labels.Builder b = base.toBuilder();
        for (String name : matching.include()) {
            b.set(name, one.getOrEmpty(name));
        }
        return b.build();
    }

    private static RequestException ambiguous(String message) {
        // a client's mistake, but this is the status that Loki's clients know it by
        return new RequestException(ErrorCode.INTERNAL, message);
    }
}
