/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The functions of templates: Go's own, arithmetic, and the rest by way of other classes. Confined to one thread. */
final class Functions {
    /** All that a template may name. */
    static final Set<String> NAMES;

    static {
        Set<String> names = new TreeSet<>(List.of(
                "__line__",
                "__timestamp__",
                "and",
                "or",
                "not",
                "eq",
                "ne",
                "lt",
                "le",
                "gt",
                "ge",
                "len",
                "index",
                "slice",
                "print",
                "printf",
                "println",
                "add",
                "sub",
                "mul",
                "div",
                "mod",
                "addf",
                "subf",
                "mulf",
                "divf",
                "max",
                "min",
                "maxf",
                "minf",
                "ceil",
                "floor",
                "round",
                "int",
                "float64",
                "default"));
        names.addAll(StringFunctions.NAMES);
        names.addAll(TimeFunctions.NAMES);
        NAMES = Set.copyOf(names);
    }

    private final StringFunctions strings = new StringFunctions();
    private final TemplateFunctions more;

    /** @param more functions that go before the common ones */
    Functions(TemplateFunctions more) {
        this.more = more;
    }

    /** @throws CallException if the arguments do not fit */
    @Nullable
    Object call(String name, List<@Nullable Object> args, TemplateData data) {
        if (more.has(name)) {
            try {
                return more.call(name, args);
            } catch (IllegalArgumentException e) {
                throw new CallException(String.valueOf(e.getMessage()), true);
            }
        }
        if (StringFunctions.NAMES.contains(name)) {
            return strings.call(name, args);
        }
        if (TimeFunctions.NAMES.contains(name)) {
            return TimeFunctions.call(name, args);
        }
        return switch (name) {
            case "__line__" -> data.line();
            case "__timestamp__" -> GoTime.ofNanos(data.timestampNanos());
            case "not" -> !Evaluator.truth(one(name, args));
            case "eq" -> equalsAny(args);
            case "ne" -> !same(arg(name, args, 0), arg(name, args, 1));
            case "lt" -> compare(name, args) < 0;
            case "le" -> compare(name, args) <= 0;
            case "gt" -> compare(name, args) > 0;
            case "ge" -> compare(name, args) >= 0;
            case "len" -> length(one(name, args));
            case "index" -> index(args);
            case "slice" -> slice(args);
            case "print" -> GoFormat.sprint(args);
            case "println" -> GoFormat.sprintln(args);
            case "printf" -> GoFormat.sprintf(text(name, args, 0), args.subList(1, args.size()));
            case "default" -> args.size() < 2 || !Evaluator.truth(args.get(1)) ? arg(name, args, 0) : args.get(1);
            default -> arithmetic(name, args);
        };
    }

    private static Object arithmetic(String name, List<@Nullable Object> args) {
        arg(name, args, 0);
        return switch (name) {
            case "int" -> Numbers.toLong(args.get(0));
            case "float64" -> Numbers.toDouble(args.get(0));
            case "ceil" -> Math.ceil(Numbers.toDouble(args.get(0)));
            case "floor" -> Math.floor(Numbers.toDouble(args.get(0)));
            case "round" -> round(args);
            case "add", "sub", "mul", "div", "mod", "max", "min" -> integers(name, args);
            case "addf", "subf", "mulf", "divf", "maxf", "minf" -> decimals(name, args);
            default -> throw new CallException("function \"" + name + "\" not defined", false);
        };
    }

    private static double round(List<@Nullable Object> args) {
        int places = (int) Math.max(-300, Math.min(300, Numbers.toLong(arg("round", args, 1))));
        double up = args.size() > 2 ? Numbers.toDouble(args.get(2)) : 0.5;
        double scale = Math.pow(10, places);
        double digit = scale * Numbers.toDouble(args.get(0));
        double fraction = digit - (long) digit;
        return (fraction >= up ? Math.ceil(digit) : Math.floor(digit)) / scale;
    }

    private static long integers(String name, List<@Nullable Object> args) {
        long v = Numbers.toLong(args.get(0));
        for (int i = 1; i < args.size(); i++) {
            long x = Numbers.toLong(args.get(i));
            v = switch (name) {
                case "add" -> v + x;
                case "sub" -> v - x;
                case "mul" -> v * x;
                case "max" -> Math.max(v, x);
                case "min" -> Math.min(v, x);
                default -> {
                    if (x == 0) {
                        throw new CallException("runtime error: integer divide by zero", true);
                    }
                    yield name.equals("div") ? v / x : v % x;
                }
            };
        }
        return v;
    }

    /** In decimal, so that 0.1 + 0.2 is 0.3. */
    private static double decimals(String name, List<@Nullable Object> args) {
        if (name.endsWith("xf") || name.endsWith("nf")) {
            double v = Numbers.toDouble(args.get(0));
            for (Object a : args) {
                double x = Numbers.toDouble(a);
                v = name.equals("maxf") ? Math.max(v, x) : Math.min(v, x);
            }
            return v;
        }
        BigDecimal v = decimal(args.get(0));
        for (int i = 1; i < args.size(); i++) {
            BigDecimal x = decimal(args.get(i));
            v = switch (name) {
                case "addf" -> v.add(x);
                case "subf" -> v.subtract(x);
                case "mulf" -> v.multiply(x);
                default -> {
                    if (x.signum() == 0) {
                        throw new CallException("decimal division by 0", true);
                    }
                    yield v.divide(x, 16, RoundingMode.HALF_UP);
                }
            };
        }
        return v.doubleValue();
    }

    private static BigDecimal decimal(@Nullable Object v) {
        double d = Numbers.toDouble(v);
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            throw new CallException("Cannot create a Decimal from " + Numbers.format(d), true);
        }
        return BigDecimal.valueOf(d);
    }

    // Go's own

    private static boolean equalsAny(List<@Nullable Object> args) {
        Object first = arg("eq", args, 0);
        if (args.size() < 2) {
            throw new CallException("missing argument for comparison", true);
        }
        for (int i = 1; i < args.size(); i++) {
            if (same(first, args.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean same(@Nullable Object a, @Nullable Object b) {
        if (a == null || b == null) {
            return a == null && b == null;
        }
        if (a.getClass() != b.getClass()) {
            throw new CallException("incompatible types for comparison", true);
        }
        return a.equals(b);
    }

    private static int compare(String name, List<@Nullable Object> args) {
        Object a = arg(name, args, 0);
        Object b = arg(name, args, 1);
        if (a instanceof Long x && b instanceof Long y) {
            return Long.compare(x, y);
        }
        if (a instanceof Double x && b instanceof Double y) {
            return Double.compare(x, y);
        }
        if (a instanceof String x && b instanceof String y) {
            return x.compareTo(y);
        }
        throw new CallException(
                a instanceof Boolean || a == null ? "invalid type for comparison" : "incompatible types for comparison",
                true);
    }

    private static long length(@Nullable Object v) {
        return switch (v) {
            case String s -> GoStrings.length(s);
            case List<?> l -> l.size();
            case Map<?, ?> m -> m.size();
            case null -> throw new CallException("len of nil pointer", true);
            default -> throw new CallException("len of type " + GoFormat.type(v), true);
        };
    }

    private static @Nullable Object index(List<@Nullable Object> args) {
        Object v = arg("index", args, 0);
        for (int i = 1; i < args.size(); i++) {
            Object key = args.get(i);
            v = switch (v) {
                case Map<?, ?> m -> {
                    Object x = m.get(String.valueOf(key));
                    yield x == null && m instanceof java.util.SortedMap ? "" : x;
                }
                case List<?> l -> l.get(position(key, l.size()));
                case String s ->
                    (long) (s.getBytes(java.nio.charset.StandardCharsets.UTF_8)[position(key, GoStrings.length(s))]
                            & 0xff);
                case null -> throw new CallException("index of untyped nil", true);
                default -> throw new CallException("can't index item of type " + GoFormat.type(v), true);
            };
        }
        return v;
    }

    private static int position(@Nullable Object key, int size) {
        if (!(key instanceof Long n)) {
            throw new CallException("cannot index slice/array with type " + GoFormat.type(key), true);
        }
        if (n < 0 || n >= size) {
            throw new CallException("index out of range: " + n, true);
        }
        return (int) (long) n;
    }

    private static Object slice(List<@Nullable Object> args) {
        Object v = arg("slice", args, 0);
        int size = v instanceof List<?> l ? l.size() : v instanceof String s ? GoStrings.length(s) : -1;
        if (v == null || size < 0) {
            throw new CallException("can't slice item of type " + GoFormat.type(v), true);
        }
        int from = args.size() > 1 ? position(args.get(1), size + 1) : 0;
        int to = args.size() > 2 ? position(args.get(2), size + 1) : size;
        if (from > to) {
            throw new CallException("invalid slice index: " + from + " > " + to, true);
        }
        return v instanceof List<?> l ? new ArrayList<>(l.subList(from, to)) : GoStrings.slice((String) v, from, to);
    }

    // arguments

    private static @Nullable Object one(String name, List<@Nullable Object> args) {
        count(name, args, 1);
        return args.get(0);
    }

    static void count(String name, List<@Nullable Object> args, int want) {
        if (args.size() != want) {
            throw new CallException(
                    "wrong number of args for " + name + ": want " + want + " got " + args.size(), false);
        }
    }

    static @Nullable Object arg(String name, List<@Nullable Object> args, int i) {
        if (i >= args.size()) {
            throw new CallException(
                    "wrong number of args for " + name + ": want at least " + (i + 1) + " got " + args.size(), false);
        }
        return args.get(i);
    }

    static String text(String name, List<@Nullable Object> args, int i) {
        Object v = arg(name, args, i);
        if (v instanceof String s) {
            return s;
        }
        throw new CallException("wrong type for value; expected string; got " + GoFormat.type(v), false);
    }

    static int integer(String name, List<@Nullable Object> args, int i) {
        Object v = arg(name, args, i);
        if (v instanceof Long l) {
            return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, l));
        }
        throw new CallException("wrong type for value; expected int; got " + GoFormat.type(v), false);
    }
}
