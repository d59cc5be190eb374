/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Regexp;
import io.skald.logql.pipeline.Conversion;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions of templates that deal with text. Confined to one thread. */
final class StringFunctions {
    static final Set<String> NAMES = Set.of(
            "ToLower",
            "ToUpper",
            "lower",
            "upper",
            "title",
            "Replace",
            "replace",
            "Trim",
            "TrimLeft",
            "TrimRight",
            "TrimPrefix",
            "TrimSuffix",
            "TrimSpace",
            "trim",
            "trimAll",
            "trimPrefix",
            "trimSuffix",
            "substr",
            "trunc",
            "indent",
            "nindent",
            "repeat",
            "contains",
            "hasPrefix",
            "hasSuffix",
            "alignLeft",
            "alignRight",
            "count",
            "regexReplaceAll",
            "regexReplaceAllLiteral",
            "urlencode",
            "urldecode",
            "urlquery",
            "html",
            "b64enc",
            "b64dec",
            "bytes",
            "duration",
            "duration_seconds",
            "fromJson");

    /** No function makes more text than this. */
    private static final int MAX_LENGTH = 1 << 20;

    private static final int MAX_PATTERNS = 64;

    private final Conversion conversion = new Conversion();
    private final Map<String, Pattern> patterns = new LinkedHashMap<>();

    @Nullable
    Object call(String name, List<@Nullable Object> args) {
        return switch (name) {
            case "ToLower", "lower" -> lower(Functions.text(name, args, 0));
            case "ToUpper", "upper" -> upper(Functions.text(name, args, 0));
            case "title" -> title(Functions.text(name, args, 0));
            case "Replace" ->
                replace(
                        Functions.text(name, args, 0),
                        Functions.text(name, args, 1),
                        Functions.text(name, args, 2),
                        Functions.integer(name, args, 3));
            case "replace" ->
                replace(
                        Functions.text(name, args, 2),
                        Functions.text(name, args, 0),
                        Functions.text(name, args, 1),
                        -1);
            case "fromJson" -> JsonValues.parse(Functions.text(name, args, 0));
            case "b64enc" ->
                Base64.getEncoder().encodeToString(Functions.text(name, args, 0).getBytes(StandardCharsets.UTF_8));
            case "b64dec" -> base64(Functions.text(name, args, 0));
            case "urlencode", "urlquery" ->
                URLEncoder.encode(Functions.text(name, args, 0), StandardCharsets.UTF_8)
                        .replace("*", "%2A")
                        .replace("%7E", "~");
            case "urldecode" -> urlDecode(Functions.text(name, args, 0));
            case "html" -> html(Functions.text(name, args, 0));
            case "bytes" -> converted(conversion.bytes(Functions.text(name, args, 0)));
            case "duration", "duration_seconds" ->
                converted(conversion.durationNanos(Functions.text(name, args, 0)) / 1e9);
            case "count" -> count(Functions.text(name, args, 0), Functions.text(name, args, 1));
            case "regexReplaceAll", "regexReplaceAllLiteral" ->
                regexReplace(
                        pattern(Functions.text(name, args, 0)),
                        Functions.text(name, args, 1),
                        Functions.text(name, args, 2),
                        name.endsWith("Literal"));
            case "alignLeft", "alignRight" ->
                align(Functions.integer(name, args, 0), Functions.text(name, args, 1), name.equals("alignLeft"));
            case "indent" -> indent(Functions.integer(name, args, 0), Functions.text(name, args, 1));
            case "nindent" -> "\n" + indent(Functions.integer(name, args, 0), Functions.text(name, args, 1));
            case "repeat" -> repeat(Functions.integer(name, args, 0), Functions.text(name, args, 1));
            case "substr" ->
                substring(
                        Functions.integer(name, args, 0),
                        Functions.integer(name, args, 1),
                        Functions.text(name, args, 2));
            case "trunc" -> truncate(Functions.integer(name, args, 0), Functions.text(name, args, 1));
            default -> trims(name, args);
        };
    }

    private static Object trims(String name, List<@Nullable Object> args) {
        String a = Functions.text(name, args, 0);
        if (name.equals("trim") || name.equals("TrimSpace")) {
            return a.strip();
        }
        String b = Functions.text(name, args, 1);
        return switch (name) {
            case "Trim" -> cut(a, b, true, true);
            case "TrimLeft" -> cut(a, b, true, false);
            case "TrimRight" -> cut(a, b, false, true);
            case "trimAll" -> cut(b, a, true, true);
            case "TrimPrefix" -> a.startsWith(b) ? a.substring(b.length()) : a;
            case "trimPrefix" -> b.startsWith(a) ? b.substring(a.length()) : b;
            case "TrimSuffix" -> a.endsWith(b) ? a.substring(0, a.length() - b.length()) : a;
            case "trimSuffix" -> b.endsWith(a) ? b.substring(0, b.length() - a.length()) : b;
            case "contains" -> b.contains(a);
            case "hasPrefix" -> b.startsWith(a);
            default -> b.endsWith(a);
        };
    }

    /** Character by character, as Go does: no character becomes two. */
    private static String upper(String s) {
        return map(s, true);
    }

    private static String lower(String s) {
        return map(s, false);
    }

    private static String map(String s, boolean upper) {
        StringBuilder sb = new StringBuilder(s.length());
        s.codePoints().forEach(c -> sb.appendCodePoint(upper ? Character.toUpperCase(c) : Character.toLowerCase(c)));
        return sb.toString();
    }

    private static String title(String s) {
        StringBuilder sb = new StringBuilder(s.length());
        boolean start = true;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            i += Character.charCount(c);
            sb.appendCodePoint(start ? Character.toTitleCase(c) : c);
            start = !Character.isLetterOrDigit(c) && c != '_' && c != '\'';
        }
        return sb.toString();
    }

    private static String replace(String s, String from, String to, int times) {
        if (times == 0 || from.equals(to)) {
            return s;
        }
        StringBuilder sb = new StringBuilder();
        int at = 0;
        int n = times < 0 ? Integer.MAX_VALUE : times;
        while (n-- > 0) {
            int i = s.indexOf(from, at);
            if (i < 0 || from.isEmpty() && i >= s.length()) {
                break;
            }
            sb.append(s, at, i).append(to);
            at = i + from.length();
            if (from.isEmpty()) {
                sb.append(s.charAt(at++));
            }
            checkLength(sb.length());
        }
        return sb.append(s, at, s.length()).toString();
    }

    private static void checkLength(long length) {
        if (length > MAX_LENGTH) {
            throw new CallException("result is longer than " + MAX_LENGTH + " characters", true);
        }
    }

    private static String cut(String s, String set, boolean left, boolean right) {
        int from = 0;
        int to = s.length();
        while (left && from < to && set.indexOf(s.codePointAt(from)) >= 0) {
            from += Character.charCount(s.codePointAt(from));
        }
        while (right && to > from && set.indexOf(s.codePointBefore(to)) >= 0) {
            to -= Character.charCount(s.codePointBefore(to));
        }
        return s.substring(from, to);
    }

    private Object converted(double v) {
        String error = conversion.error();
        if (error != null) {
            throw new CallException(error, true);
        }
        return v;
    }

    private static String align(int width, String s, boolean left) {
        int n = GoStrings.runes(s);
        if (width < 0 || width == n) {
            return s;
        }
        checkLength(width);
        if (width < n) {
            int keep = s.offsetByCodePoints(0, left ? width : n - width);
            return left ? s.substring(0, keep) : s.substring(keep);
        }
        return left ? s + " ".repeat(width - n) : " ".repeat(width - n) + s;
    }

    private static String indent(int spaces, String s) {
        checkLength(spaces);
        String pad = " ".repeat(Math.max(0, spaces));
        checkLength((long) pad.length() * s.chars().filter(c -> c == '\n').count());
        return pad + s.replace("\n", "\n" + pad);
    }

    private static String repeat(int times, String s) {
        if (times < 0) {
            throw new CallException("strings: negative Repeat count", true);
        }
        checkLength((long) times * s.length());
        return s.repeat(times);
    }

    private static String substring(int start, int end, String s) {
        int n = GoStrings.length(s);
        int from = Math.max(0, start);
        int to = start >= 0 && (end < 0 || end > n) ? n : end;
        if (to > n || to < 0) {
            throw new CallException("runtime error: slice bounds out of range [:" + to + "] with length " + n, true);
        }
        if (from > to) {
            throw new CallException("runtime error: slice bounds out of range [" + from + ":" + to + "]", true);
        }
        return GoStrings.slice(s, from, to);
    }

    private static String truncate(int count, String s) {
        int n = GoStrings.length(s);
        if (count < 0) {
            return n + count > 0 ? GoStrings.slice(s, n + count, n) : s;
        }
        return n > count ? GoStrings.slice(s, 0, count) : s;
    }

    /** What cannot be decoded gives the text of the error. */
    private static String base64(String s) {
        String t = s.replace("\n", "").replace("\r", "");
        for (int i = 0; i < t.length(); i++) {
            char c = t.charAt(i);
            boolean valid = c < 128 && (Character.isLetterOrDigit(c) || c == '+' || c == '/');
            if (!valid && !(c == '=' && i >= t.length() - 2 && t.length() % 4 == 0)) {
                return "illegal base64 data at input byte " + i;
            }
        }
        if (t.length() % 4 != 0) {
            return "illegal base64 data at input byte " + t.length() / 4 * 4;
        }
        try {
            return new String(Base64.getDecoder().decode(t), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "illegal base64 data at input byte " + Math.max(0, t.length() - 1);
        }
    }

    private static String urlDecode(String s) {
        byte[] in = s.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[in.length];
        int n = 0;
        for (int i = 0; i < in.length; i++) {
            if (in[i] == '%') {
                int hi = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
                int lo = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
                if (i + 2 >= in.length || hi < 0 || lo < 0) {
                    String bad = new String(in, i, Math.min(3, in.length - i), StandardCharsets.UTF_8);
                    throw new CallException("invalid URL escape " + GoStrings.quote(bad), true);
                }
                out[n++] = (byte) (hi << 4 | lo);
                i += 2;
            } else {
                out[n++] = in[i] == '+' ? (byte) ' ' : in[i];
            }
        }
        return new String(out, 0, n, StandardCharsets.UTF_8);
    }

    private static String html(String s) {
        return s.replace("&", "&amp;")
                .replace("'", "&#39;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#34;");
    }

    // regular expressions

    private Pattern pattern(String regexp) {
        Pattern p = patterns.get(regexp);
        if (p == null) {
            try {
                p = Regexp.compile(regexp);
            } catch (PatternSyntaxException e) {
                throw new CallException(Regexp.message(e), true);
            }
            if (patterns.size() >= MAX_PATTERNS) {
                patterns.clear();
            }
            patterns.put(regexp, p);
        }
        return p;
    }

    private long count(String regexp, String s) {
        Matcher m = pattern(regexp).matcher(s);
        long n = 0;
        while (m.find()) {
            n++;
        }
        return n;
    }

    private static String regexReplace(Pattern pattern, String s, String replacement, boolean literal) {
        Matcher m = pattern.matcher(s);
        StringBuilder sb = new StringBuilder();
        int at = 0;
        while (m.find()) {
            sb.append(s, at, m.start());
            if (literal) {
                sb.append(replacement);
            } else {
                expand(sb, replacement, m, pattern);
            }
            at = m.end();
            checkLength(sb.length());
        }
        return sb.append(s, at, s.length()).toString();
    }

    /** Puts groups in the place of {@code $1}, {@code ${name}}; an unknown group is empty. */
    private static void expand(StringBuilder sb, String replacement, Matcher m, Pattern pattern) {
        int i = 0;
        while (i < replacement.length()) {
            char c = replacement.charAt(i++);
            if (c != '$' || i == replacement.length()) {
                sb.append(c);
                continue;
            }
            if (replacement.charAt(i) == '$') {
                sb.append('$');
                i++;
                continue;
            }
            boolean brace = replacement.charAt(i) == '{';
            int from = brace ? i + 1 : i;
            int to = from;
            while (to < replacement.length()
                    && (Character.isLetterOrDigit(replacement.charAt(to)) || replacement.charAt(to) == '_')) {
                to++;
            }
            if (to == from || brace && (to == replacement.length() || replacement.charAt(to) != '}')) {
                sb.append('$');
                continue;
            }
            String group = group(replacement.substring(from, to), m, pattern);
            sb.append(group == null ? "" : group);
            i = brace ? to + 1 : to;
        }
    }

    private static @Nullable String group(String name, Matcher m, Pattern pattern) {
        if (name.chars().allMatch(Character::isDigit)) {
            return name.length() < 5 && Integer.parseInt(name) <= m.groupCount()
                    ? m.group(Integer.parseInt(name))
                    : null;
        }
        return pattern.namedGroups().containsKey(name) ? m.group(name) : null;
    }
}
