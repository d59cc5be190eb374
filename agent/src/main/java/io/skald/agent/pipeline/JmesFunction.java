/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.pipeline.JmesPath.Node;
import io.skald.agent.pipeline.JmesPath.TypeException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** JMESPath's functions. Each fails with {@link TypeException} if an argument has a type that it does not take. */
enum JmesFunction {
    ABS(1),
    AVG(1),
    CEIL(1),
    CONTAINS(2),
    ENDS_WITH(2),
    FLOOR(1),
    JOIN(2),
    KEYS(1),
    LENGTH(1),
    MAP(2),
    MAX(1),
    MAX_BY(2),
    MERGE(-1),
    MIN(1),
    MIN_BY(2),
    NOT_NULL(-1),
    REVERSE(1),
    SORT(1),
    SORT_BY(2),
    STARTS_WITH(2),
    SUM(1),
    TO_ARRAY(1),
    TO_NUMBER(1),
    TO_STRING(1),
    TYPE(1),
    VALUES(1);

    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,9})?");

    private final int arity;

    /** @param arity how many arguments it takes; -1 for one and more */
    JmesFunction(int arity) {
        this.arity = arity;
    }

    /** The function of a name, or null. */
    static @Nullable JmesFunction of(String name) {
        return Arrays.stream(values())
                .filter(f -> f.toString().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** How many arguments are wrong, in words; or null. */
    @Nullable
    String wrong(int given) {
        return arity < 0 ? given > 0 ? null : "at least 1 argument" : given == arity ? null : arity + " arguments";
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Nullable
    Object call(List<@Nullable Object> arguments) {
        Object a = arguments.getFirst();
        Object b = arguments.getLast();
        return switch (this) {
            case ABS -> number(a).abs();
            case CEIL -> rounded(a, Math::ceil);
            case FLOOR -> rounded(a, Math::floor);
            case SUM -> sum(list(a));
            case AVG -> list(a).isEmpty() ? null : number(sum(list(a)).doubleValue() / list(a).size());
            case CONTAINS ->
                a instanceof String s
                        ? b instanceof String part && s.contains(part)
                        : list(a).stream().anyMatch(x -> JmesPath.equal(x, b));
            case STARTS_WITH -> text(a).startsWith(text(b));
            case ENDS_WITH -> text(a).endsWith(text(b));
            case JOIN -> String.join(text(a), list(b).stream().map(this::text).toList());
            case KEYS -> new ArrayList<Object>(object(a).keySet());
            case VALUES -> new ArrayList<Object>(object(a).values());
            case LENGTH -> BigDecimal.valueOf(length(a));
            case MAP -> mapped(reference(a), list(b));
            case MAX -> best(list(a), new Node.Current(), false);
            case MIN -> best(list(a), new Node.Current(), true);
            case MAX_BY -> best(list(a), reference(b), false);
            case MIN_BY -> best(list(a), reference(b), true);
            case SORT -> sorted(list(a), new Node.Current());
            case SORT_BY -> sorted(list(a), reference(b));
            case MERGE -> {
                Map<Object, @Nullable Object> all = new LinkedHashMap<>();
                arguments.forEach(x -> all.putAll(object(x)));
                yield all;
            }
            case NOT_NULL ->
                arguments.stream().filter(x -> x != null).findFirst().orElse(null);
            case REVERSE -> {
                if (a instanceof String s) {
                    yield new StringBuilder(s).reverse().toString();
                }
                List<@Nullable Object> l = new ArrayList<>(list(a));
                Collections.reverse(l);
                yield l;
            }
            case TO_ARRAY -> a instanceof List<?> ? a : Collections.singletonList(value(a));
            case TO_NUMBER ->
                a instanceof BigDecimal
                        ? a
                        : a instanceof String s && NUMBER.matcher(s).matches() ? new BigDecimal(s) : null;
            case TO_STRING -> a instanceof String ? a : Values.writeJson(value(a));
            case TYPE -> type(a);
        };
    }

    private String type(@Nullable Object v) {
        return switch (v) {
            case null -> "null";
            case String s -> "string";
            case BigDecimal d -> "number";
            case Boolean x -> "boolean";
            case List<?> l -> "array";
            case Map<?, ?> m -> "object";
            default -> throw wrong("a value", v);
        };
    }

    private TypeException wrong(String wanted, @Nullable Object v) {
        return new TypeException(this + "() takes " + wanted + ", not " + v);
    }

    private @Nullable Object value(@Nullable Object v) {
        if (v instanceof Node.Reference) {
            throw wrong("a value", "an expression");
        }
        return v;
    }

    private BigDecimal number(@Nullable Object v) {
        if (v instanceof BigDecimal d) {
            return d;
        }
        throw wrong("a number", v);
    }

    private String text(@Nullable Object v) {
        if (v instanceof String s) {
            return s;
        }
        throw wrong("text", v);
    }

    private List<?> list(@Nullable Object v) {
        if (v instanceof List<?> l) {
            return l;
        }
        throw wrong("an array", v);
    }

    private Map<?, ?> object(@Nullable Object v) {
        if (v instanceof Map<?, ?> m) {
            return m;
        }
        throw wrong("an object", v);
    }

    private Node reference(@Nullable Object v) {
        if (v instanceof Node.Reference r) {
            return r.to();
        }
        throw wrong("an expression like &field", v);
    }

    /** Sums and rounds as 64-bit floating point: a number of a billion digits is easily written, and never meant. */
    private BigDecimal number(double d) {
        if (!Double.isFinite(d)) {
            throw wrong("smaller numbers", d);
        }
        return BigDecimal.valueOf(d);
    }

    private BigDecimal rounded(@Nullable Object v, DoubleUnaryOperator how) {
        return number(how.applyAsDouble(number(v).doubleValue()));
    }

    private BigDecimal sum(List<?> l) {
        double sum = 0;
        for (Object x : l) {
            sum += number(x).doubleValue();
        }
        return number(sum);
    }

    private int length(@Nullable Object v) {
        if (v instanceof String s) {
            return s.codePointCount(0, s.length());
        }
        return v instanceof Map<?, ?> m ? m.size() : list(v).size();
    }

    private static List<@Nullable Object> mapped(Node by, List<?> l) {
        List<@Nullable Object> out = new ArrayList<>(l.size());
        for (Object x : l) {
            out.add(JmesPath.apply(by, x));
        }
        return out;
    }

    /** What elements are ordered by: numbers or texts, and not both. */
    private List<Keyed> keyed(List<?> l, Node by) {
        List<Keyed> out = new ArrayList<>(l.size());
        boolean numbers = !l.isEmpty() && JmesPath.apply(by, l.getFirst()) instanceof BigDecimal;
        for (Object x : l) {
            Object key = JmesPath.apply(by, x);
            out.add(numbers ? new Keyed(number(key), "", x) : new Keyed(BigDecimal.ZERO, text(key), x));
        }
        return out;
    }

    private record Keyed(
            BigDecimal number, String text, @Nullable Object element) {}

    private static final Comparator<Keyed> ORDER =
            Comparator.comparing(Keyed::number).thenComparing(Keyed::text, JmesFunction::byCodePoints);

    private static int byCodePoints(String a, String b) {
        int[] x = a.codePoints().toArray();
        int[] y = b.codePoints().toArray();
        return Arrays.compare(x, y);
    }

    private List<@Nullable Object> sorted(List<?> l, Node by) {
        List<@Nullable Object> out = new ArrayList<>(l.size());
        keyed(l, by).stream().sorted(ORDER).forEach(k -> out.add(k.element()));
        return out;
    }

    /** The first of the least, or of the greatest. */
    private @Nullable Object best(List<?> l, Node by, boolean least) {
        Keyed best = null;
        for (Keyed k : keyed(l, by)) {
            int c = best == null ? 0 : ORDER.compare(k, best);
            if (best == null || (least ? c < 0 : c > 0)) {
                best = k;
            }
        }
        return best == null ? null : best.element();
    }
}
