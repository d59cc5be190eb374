/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prints values as Go's fmt does. */
final class GoFormat {
    private static final int MAX_WIDTH = 10_000;

    private final String format;
    private final List<@Nullable Object> args;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private int arg;

    private boolean minus;
    private boolean plus;
    private boolean sharp;
    private boolean space;
    private boolean zero;
    private int width;
    private int precision;

    private GoFormat(String format, List<@Nullable Object> args) {
        this.format = format;
        this.args = args;
    }

    /** {@code fmt.Sprintf}. */
    static String sprintf(String format, List<@Nullable Object> args) {
        return new GoFormat(format, args).run();
    }

    /** {@code fmt.Sprint}: spaces between operands when neither is a string. */
    static String sprint(List<@Nullable Object> args) {
        StringBuilder sb = new StringBuilder();
        for (int i = 0; i < args.size(); i++) {
            if (i > 0 && !(args.get(i) instanceof String) && !(args.get(i - 1) instanceof String)) {
                sb.append(' ');
            }
            sb.append(value(args.get(i)));
        }
        return sb.toString();
    }

    /** {@code fmt.Sprintln}. */
    static String sprintln(List<@Nullable Object> args) {
        StringBuilder sb = new StringBuilder();
        for (int i = 0; i < args.size(); i++) {
            sb.append(i > 0 ? " " : "").append(value(args.get(i)));
        }
        return sb.append('\n').toString();
    }

    /** {@code %v}. */
    static String value(@Nullable Object v) {
        return switch (v) {
            case null -> "<nil>";
            case String s -> s;
            case Double d -> Numbers.format(d);
            case Map<?, ?> m -> {
                StringBuilder sb = new StringBuilder("map[");
                m.forEach((k, x) -> sb.append(sb.length() > 4 ? " " : "")
                        .append(k)
                        .append(':')
                        .append(value(x)));
                yield sb.append(']').toString();
            }
            case List<?> l -> {
                StringBuilder sb = new StringBuilder("[");
                l.forEach(x -> sb.append(sb.length() > 1 ? " " : "").append(value(x)));
                yield sb.append(']').toString();
            }
            default -> v.toString();
        };
    }

    /** {@code %T}. */
    static String type(@Nullable Object v) {
        return switch (v) {
            case null -> "<nil>";
            case String s -> "string";
            case Long l -> "int";
            case Double d -> "float64";
            case Boolean b -> "bool";
            case Map<?, ?> m -> "map[string]interface {}";
            case List<?> l -> "[]interface {}";
            case GoTime t -> "time.Time";
            case GoDuration d -> "time.Duration";
            default -> v.getClass().getSimpleName();
        };
    }

    private String run() {
        while (at < format.length()) {
            char c = format.charAt(at);
            if (c != '%') {
                out.append(c);
                at++;
                continue;
            }
            at++;
            verb();
        }
        if (arg < args.size()) {
            out.append("%!(EXTRA ");
            for (int i = arg; i < args.size(); i++) {
                out.append(i > arg ? ", " : "")
                        .append(type(args.get(i)))
                        .append('=')
                        .append(value(args.get(i)));
            }
            out.append(')');
        }
        return out.toString();
    }

    private void verb() {
        flags();
        width = number();
        if (width < -1) {
            minus = true;
            width = -width;
        }
        precision = -1;
        if (at < format.length() && format.charAt(at) == '.') {
            at++;
            precision = Math.max(0, number());
        }
        if (at >= format.length()) {
            out.append("%!(NOVERB)");
            return;
        }
        int verb = format.codePointAt(at);
        at += Character.charCount(verb);
        if (verb == '%') {
            out.append('%');
        } else if (arg >= args.size()) {
            out.append("%!").appendCodePoint(verb).append("(MISSING)");
        } else {
            print(verb, args.get(arg++));
        }
    }

    private void flags() {
        minus = false;
        plus = false;
        sharp = false;
        space = false;
        zero = false;
        for (; at < format.length(); at++) {
            switch (format.charAt(at)) {
                case '-' -> minus = true;
                case '+' -> plus = true;
                case '#' -> sharp = true;
                case ' ' -> space = true;
                case '0' -> zero = true;
                default -> {
                    return;
                }
            }
        }
    }

    /** A width or precision, -1 if there is none. */
    private int number() {
        if (at < format.length() && format.charAt(at) == '*') {
            at++;
            long v = arg < args.size() ? Numbers.toLong(args.get(arg++)) : -1;
            return (int) Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, v));
        }
        int from = at;
        int v = 0;
        while (at < format.length() && Character.isDigit(format.charAt(at))) {
            v = Math.min(MAX_WIDTH, v * 10 + format.charAt(at++) - '0');
        }
        return at == from ? -1 : v;
    }

    private void print(int verb, @Nullable Object v) {
        String text = switch (verb) {
            case 'v' -> v instanceof Double d && precision >= 0 ? general(d) : sign(v, value(v));
            case 'T' -> type(v);
            case 't' -> v instanceof Boolean ? value(v) : null;
            case 's' ->
                v instanceof Long || v instanceof Double || v instanceof Boolean || v == null ? null : cut(value(v));
            case 'q' -> v instanceof Long l ? "'" + Character.toString((int) (long) l) + "'" : quoted(v);
            case 'd' -> v instanceof Long l ? sign(v, Long.toString(l)) : nanos(v);
            case 'x', 'X' -> hex(v, verb == 'X');
            case 'o' -> v instanceof Long l ? sign(v, Long.toString(l, 8)) : null;
            case 'b' -> v instanceof Long l ? sign(v, Long.toString(l, 2)) : null;
            case 'c' -> v instanceof Long l ? Character.toString((int) (long) l) : null;
            case 'U' -> v instanceof Long l ? String.format("U+%04X", l) : null;
            case 'e', 'E', 'f', 'F', 'g', 'G' -> v instanceof Double d ? sign(v, decimal(verb, d)) : null;
            default -> null;
        };
        if (text == null) {
            out.append("%!").appendCodePoint(verb).append('(');
            out.append(v == null ? "<nil>" : type(v) + "=" + value(v)).append(')');
            return;
        }
        pad(text, v instanceof Long || v instanceof Double);
    }

    private static @Nullable String nanos(@Nullable Object v) {
        return v instanceof GoDuration d ? Long.toString(d.nanos()) : null;
    }

    private @Nullable String quoted(@Nullable Object v) {
        return v instanceof String s ? GoStrings.quote(cut(s)) : null;
    }

    private @Nullable String hex(@Nullable Object v, boolean upper) {
        HexFormat f = upper ? HexFormat.of().withUpperCase() : HexFormat.of();
        return switch (v) {
            case Long l -> {
                String h = Long.toString(l, 16);
                yield sign(v, (sharp ? "0x" : "") + (upper ? h.toUpperCase(java.util.Locale.ROOT) : h));
            }
            case String s -> f.formatHex(s.getBytes(StandardCharsets.UTF_8));
            case null -> null;
            default -> null;
        };
    }

    private String sign(@Nullable Object v, String text) {
        if (!(v instanceof Long || v instanceof Double) || text.startsWith("-") || text.startsWith("+")) {
            return text;
        }
        return plus ? "+" + text : space ? " " + text : text;
    }

    private String cut(String s) {
        return precision < 0 || GoStrings.runes(s) <= precision
                ? s
                : s.substring(0, s.offsetByCodePoints(0, precision));
    }

    private String decimal(int verb, double d) {
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            return Numbers.format(d);
        }
        return switch (verb) {
            case 'e' -> Numbers.scientific(d, precision < 0 ? 6 : precision);
            case 'E' -> Numbers.scientific(d, precision < 0 ? 6 : precision).replace('e', 'E');
            case 'f', 'F' -> Numbers.fixed(d, precision < 0 ? 6 : precision);
            default -> general(d);
        };
    }

    private String general(double d) {
        if (precision < 0 || d == 0) {
            return Numbers.format(d);
        }
        int digits = Math.max(1, precision);
        return Numbers.general(new BigDecimal(d).round(new MathContext(digits, RoundingMode.HALF_EVEN)), digits);
    }

    private void pad(String text, boolean number) {
        int n = GoStrings.runes(text);
        if (width <= n) {
            out.append(text);
        } else if (minus) {
            out.append(text).repeat(" ", width - n);
        } else if (zero && number) {
            boolean signed = text.startsWith("-") || text.startsWith("+") || text.startsWith(" ");
            out.append(signed ? text.substring(0, 1) : "").repeat("0", width - n);
            out.append(signed ? text.substring(1) : text);
        } else {
            out.repeat(zero ? "0" : " ", width - n).append(text);
        }
    }
}
