/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads expressions that were found to be right before: those parts of RE2's syntax that an automaton can do and that are in use. Gives up
 * on the rest: word boundaries, several lines, classes of Unicode, quotes, ungreedy by default, case beyond ASCII. Whether repetition is
 * greedy makes no difference to whether there is a match.
 */
final class SyntaxParser {
    private static final int MAX_DEPTH = 100;

    private static final CodePoints DIGITS = CodePoints.of('0', '9');
    private static final CodePoints WORDS = CodePoints.of('0', '9', 'A', 'Z', '_', '_', 'a', 'z');
    private static final CodePoints SPACES = CodePoints.of('\t', '\n', '\f', '\r', ' ', ' ');

    private static final Map<String, CodePoints> NAMED = Map.ofEntries(
            Map.entry("alnum", CodePoints.of('0', '9', 'A', 'Z', 'a', 'z')),
            Map.entry("alpha", CodePoints.of('A', 'Z', 'a', 'z')),
            Map.entry("ascii", CodePoints.of(0, 0x7f)),
            Map.entry("blank", CodePoints.of('\t', '\t', ' ', ' ')),
            Map.entry("cntrl", CodePoints.of(0, 0x1f, 0x7f, 0x7f)),
            Map.entry("digit", DIGITS),
            Map.entry("graph", CodePoints.of('!', '~')),
            Map.entry("lower", CodePoints.of('a', 'z')),
            Map.entry("print", CodePoints.of(' ', '~')),
            Map.entry("punct", CodePoints.of('!', '/', ':', '@', '[', '`', '{', '~')),
            Map.entry("space", CodePoints.of('\t', '\r', ' ', ' ')),
            Map.entry("upper", CodePoints.of('A', 'Z')),
            Map.entry("word", WORDS),
            Map.entry("xdigit", CodePoints.of('0', '9', 'A', 'F', 'a', 'f')));

    /** Thrown where the expression has something that is not done here. */
    static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1;

        Unsupported(String what) {
            super(what, null, false, false);
        }
    }

    private final String s;
    private int at;
    private boolean ignoreCase;
    private boolean dotAll;

    private SyntaxParser(String s) {
        this.s = s;
    }

    static Syntax parse(String regexp) throws Unsupported {
        SyntaxParser p = new SyntaxParser(regexp);
        Syntax all = p.choice(0);
        if (p.at < regexp.length()) {
            throw new Unsupported("bracket at " + p.at);
        }
        return all;
    }

    private boolean next(char c) {
        if (at < s.length() && s.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private char take() throws Unsupported {
        if (at == s.length()) {
            throw new Unsupported("the end");
        }
        return s.charAt(at++);
    }

    private Syntax choice(int depth) throws Unsupported {
        if (depth > MAX_DEPTH) {
            throw new Unsupported("depth");
        }
        // flags set within a group end with it
        boolean before = ignoreCase;
        boolean dotBefore = dotAll;
        List<Syntax> arms = new ArrayList<>();
        do {
            arms.add(sequence(depth));
        } while (next('|'));
        ignoreCase = before;
        dotAll = dotBefore;
        return arms.size() == 1 ? arms.getFirst() : new Syntax.Choice(arms);
    }

    private Syntax sequence(int depth) throws Unsupported {
        List<Syntax> parts = new ArrayList<>();
        while (at < s.length() && s.charAt(at) != '|' && s.charAt(at) != ')') {
            if (s.startsWith("(?", at) && flags()) {
                continue;
            }
            parts.add(repeated(one(depth)));
        }
        return parts.size() == 1 ? parts.getFirst() : new Syntax.Sequence(parts);
    }

    /** Reads {@code (?flags)}; returns false, and reads nothing, where a group begins. */
    private boolean flags() throws Unsupported {
        int end = at + 2;
        while (end < s.length() && "imsU-".indexOf(s.charAt(end)) >= 0) {
            end++;
        }
        if (end == s.length() || s.charAt(end) != ')') {
            return false;
        }
        set(s.substring(at + 2, end));
        at = end + 1;
        return true;
    }

    private void set(String flags) throws Unsupported {
        boolean on = true;
        for (int i = 0; i < flags.length(); i++) {
            switch (flags.charAt(i)) {
                case '-' -> on = false;
                case 'i' -> ignoreCase = on;
                case 's' -> dotAll = on;
                default -> throw new Unsupported("flags " + flags);
            }
        }
    }

    private Syntax one(int depth) throws Unsupported {
        char c = take();
        return switch (c) {
            case '(' -> group(depth);
            case '[' -> new Syntax.One(set());
            case '.' -> new Syntax.One((dotAll ? CodePoints.of() : CodePoints.of('\n', '\n')).inverted());
            case '^' -> new Syntax.Begin();
            case '$' -> new Syntax.End();
            case '\\' -> escape();
            case '*', '+', '?' -> throw new Unsupported("repetition of nothing");
            default -> {
                int cp = s.codePointAt(at - 1);
                at += Character.charCount(cp) - 1;
                yield new Syntax.One(character(cp));
            }
        };
    }

    private CodePoints character(int cp) throws Unsupported {
        return fold(CodePoints.of(cp, cp));
    }

    private CodePoints fold(CodePoints set) throws Unsupported {
        if (!ignoreCase) {
            return set;
        }
        if (!set.ascii()) {
            throw new Unsupported("case beyond ASCII");
        }
        return set.folded();
    }

    private Syntax group(int depth) throws Unsupported {
        boolean before = ignoreCase;
        boolean dotBefore = dotAll;
        if (next('?')) {
            if (s.startsWith("P<", at) || s.startsWith("<", at)) {
                at = s.indexOf('>', at) + 1;
                if (at == 0) {
                    throw new Unsupported("group without a name");
                }
            } else {
                int colon = s.indexOf(':', at);
                if (colon < 0) {
                    throw new Unsupported("group");
                }
                set(s.substring(at, colon));
                at = colon + 1;
            }
        }
        Syntax inner = choice(depth + 1);
        if (!next(')')) {
            throw new Unsupported("group without an end");
        }
        ignoreCase = before;
        dotAll = dotBefore;
        return inner;
    }

    /** Whether it asks where the text begins or ends. */
    private static boolean asserts(Syntax s) {
        return switch (s) {
            case Syntax.One one -> false;
            case Syntax.Begin b -> true;
            case Syntax.End e -> true;
            case Syntax.Sequence q -> q.parts().stream().anyMatch(SyntaxParser::asserts);
            case Syntax.Choice c -> c.arms().stream().anyMatch(SyntaxParser::asserts);
            case Syntax.Repeat r -> asserts(r.inner());
        };
    }

    private Syntax repeated(Syntax one) throws Unsupported {
        Syntax out = one;
        while (at < s.length()) {
            if ("*+?{".indexOf(s.charAt(at)) >= 0 && asserts(one)) {
                // the engine has its own idea of what that means
                throw new Unsupported("repeated assertion");
            }
            int min;
            int max;
            switch (s.charAt(at)) {
                case '*' -> {
                    min = 0;
                    max = -1;
                }
                case '+' -> {
                    min = 1;
                    max = -1;
                }
                case '?' -> {
                    min = 0;
                    max = 1;
                }
                case '{' -> {
                    return braces(out);
                }
                default -> {
                    return out;
                }
            }
            at++;
            next('?');
            out = new Syntax.Repeat(out, min, max);
        }
        return out;
    }

    /** A counted repetition, or a brace that stands for itself. */
    private Syntax braces(Syntax one) throws Unsupported {
        int end = s.indexOf('}', at);
        String[] bounds = end < 0 ? new String[0] : s.substring(at + 1, end).split(",", -1);
        if (bounds.length < 1 || bounds.length > 2 || !bounds[0].matches("[0-9]{1,4}")) {
            throw new Unsupported("brace");
        }
        if (bounds.length == 2 && !bounds[1].matches("[0-9]{0,4}")) {
            throw new Unsupported("brace");
        }
        int min = Integer.parseInt(bounds[0]);
        int max = bounds.length == 1 ? min : bounds[1].isEmpty() ? -1 : Integer.parseInt(bounds[1]);
        at = end + 1;
        next('?');
        return repeated(new Syntax.Repeat(one, min, max));
    }

    private Syntax escape() throws Unsupported {
        if (s.startsWith("A", at)) {
            at++;
            return new Syntax.Begin();
        }
        if (s.startsWith("z", at)) {
            at++;
            return new Syntax.End();
        }
        CodePoints group = perl();
        return new Syntax.One(group != null ? group : character(escaped()));
    }

    /** The class that an escape stands for; null, and nothing read, if it stands for a character. */
    private @Nullable CodePoints perl() throws Unsupported {
        char c = take();
        CodePoints set = switch (c) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.inverted();
            case 'w' -> WORDS;
            case 'W' -> WORDS.inverted();
            case 's' -> SPACES;
            case 'S' -> SPACES.inverted();
            default -> null;
        };
        if (set == null) {
            at--;
        } else if (ignoreCase && (c == 'w' || c == 'W')) {
            throw new Unsupported("words of either case");
        }
        return set;
    }

    private int escaped() throws Unsupported {
        char c = take();
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'f' -> '\f';
            case 'v' -> 0x0b;
            case 'a' -> 0x07;
            default -> {
                if (c < 0x80 && !Character.isLetterOrDigit(c)) {
                    yield c;
                }
                throw new Unsupported("escape " + c);
            }
        };
    }

    /** A class, behind its bracket. */
    private CodePoints set() throws Unsupported {
        boolean not = next('^');
        CodePoints set = new CodePoints();
        boolean first = true;
        while (first || at < s.length() && s.charAt(at) != ']') {
            first = false;
            if (s.startsWith("[:", at)) {
                named(set);
                continue;
            }
            CodePoints perl = null;
            int low;
            if (next('\\')) {
                perl = perl();
                low = perl == null ? escaped() : 0;
            } else {
                low = literal();
            }
            if (perl != null) {
                set.addAll(perl);
                continue;
            }
            int high = low;
            if (at + 1 < s.length() && s.charAt(at) == '-' && s.charAt(at + 1) != ']') {
                at++;
                high = next('\\') ? escaped() : literal();
                if (high < low) {
                    throw new Unsupported("range");
                }
            }
            set.addAll(fold(CodePoints.of(low, high)));
        }
        if (!next(']')) {
            throw new Unsupported("class without an end");
        }
        return not ? set.inverted() : set;
    }

    private void named(CodePoints set) throws Unsupported {
        int end = s.indexOf(":]", at);
        if (end < 0) {
            throw new Unsupported("named class");
        }
        String name = s.substring(at + 2, end);
        boolean not = name.startsWith("^");
        CodePoints of = NAMED.get(not ? name.substring(1) : name);
        if (of == null || ignoreCase) {
            throw new Unsupported("class " + name);
        }
        set.addAll(not ? of.inverted() : of);
        at = end + 2;
    }

    private int literal() throws Unsupported {
        if (at == s.length()) {
            throw new Unsupported("the end of a class");
        }
        int cp = s.codePointAt(at);
        at += Character.charCount(cp);
        return cp;
    }
}
