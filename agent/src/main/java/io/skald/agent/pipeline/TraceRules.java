/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.nio.charset.StandardCharsets;

/**
 * Tells which lines go on with the entry before: the stack traces of Java, Go, Python and Node, and what is printed around them. Works on bytes and
 * looks at little more than the first of a line, unless a trace is open. Confined to one thread; one for each stream of lines.
 */
public final class TraceRules {
    /** Whether a line belongs to the entry before it. */
    public enum Answer {
        /** It begins an entry. */
        BEGINS,
        /** It goes on. */
        CONTINUES,
        /** An empty line: it goes on if the next does. */
        MAYBE
    }

    private enum Mode {
        NONE,
        JAVA,
        PYTHON,
        PYTHON_END,
        GO,
        NODE,
        NODE_SOURCE
    }

    private static final byte[] TRACEBACK = ascii("Traceback (most recent call last)");
    private static final byte[] PANIC = ascii("panic: ");
    private static final byte[] FATAL = ascii("fatal error: ");
    private static final byte[] GOROUTINE = ascii("goroutine ");
    private static final byte[] SIGNAL = ascii("[signal ");
    private static final byte[] CREATED = ascii("created by ");
    private static final byte[] ELIDED = ascii("...additional frames elided");
    private static final byte[] EXIT = ascii("exit status ");
    private static final byte[] CAUSED = ascii("Caused by: ");
    private static final byte[] SUPPRESSED = ascii("Suppressed: ");
    private static final byte[] WRAPPED = ascii("Wrapped by: ");
    private static final byte[] IN_THREAD = ascii("Exception in thread ");
    private static final byte[] DURING = ascii("During handling of the above exception");
    private static final byte[] DIRECT = ascii("The above exception was the direct cause");
    private static final byte[] NODE_VERSION = ascii("Node.js v");
    private static final byte[] THROWN = ascii("Thrown at:");
    private static final byte[] CIRCULAR = ascii("[CIRCULAR REFERENCE");
    private static final byte[][] TYPES = {ascii("Exception"), ascii("Error"), ascii("Throwable"), ascii("Failure")};
    private static final byte[][] LEVELS = {
        ascii("error"),
        ascii("warn"),
        ascii("fatal"),
        ascii("severe"),
        ascii("crit"),
        ascii("exception"),
        ascii("panic")
    };
    /** How far into a line a level is looked for. */
    private static final int LEVEL_REACH = 160;

    private Mode mode = Mode.NONE;
    private boolean braces;
    /** Whether a line has said that another exception follows. */
    private boolean chained;

    /** Forgets what came before. */
    public void reset() {
        mode = Mode.NONE;
        braces = false;
        chained = false;
    }

    /** Whether the last line was part of a trace, so that more of it is likely to come. */
    public boolean open() {
        return mode != Mode.NONE;
    }

    /**
     * Looks at a line.
     *
     * @param previous holds the last line of the entry before
     */
    public Answer next(byte[] b, int from, int to, byte[] previous, int previousFrom, int previousTo) {
        if (from == to) {
            boolean may = mode == Mode.PYTHON_END || mode == Mode.GO || mode == Mode.NODE || mode == Mode.NODE_SOURCE;
            if (!may) {
                mode = Mode.NONE;
            }
            return may ? Answer.MAYBE : Answer.BEGINS;
        }
        byte c = b[from];
        if (mode == Mode.NONE) {
            return c == ' ' || c == '\t'
                    ? indented(b, from, to)
                    : begin(b, from, to, c, previous, previousFrom, previousTo);
        }
        if (continues(b, from, to, c)) {
            return Answer.CONTINUES;
        }
        mode = Mode.NONE;
        return begin(b, from, to, c, previous, previousFrom, previousTo);
    }

    /** To be told of a line that begins an entry where nothing was before it. */
    public void first(byte[] b, int from, int to) {
        mode = Mode.NONE;
        if (from < to && b[from] != ' ' && b[from] != '\t') {
            begin(b, from, to, b[from], b, from, from);
        }
    }

    /** A frame is never an entry of its own. */
    private Answer indented(byte[] b, int from, int to) {
        int i = from;
        while (i < to && (b[i] == ' ' || b[i] == '\t')) {
            i++;
        }
        if (isFrame(b, i, to) || isMore(b, i, to) || at(b, i, to, CAUSED) || at(b, i, to, SUPPRESSED)) {
            mode = Mode.JAVA;
            return Answer.CONTINUES;
        }
        return Answer.BEGINS;
    }

    private static boolean isFrame(byte[] b, int i, int to) {
        return to - i > 4
                && b[i] == 'a'
                && b[i + 1] == 't'
                && b[i + 2] == ' '
                && b[i + 3] != ' '
                && looksLikePlace(b, i + 3, to);
    }

    /** {@code com.example.Foo.bar(Foo.java:10)}, {@code /app/index.js:10:5}: a bracket, a slash or a colon, as prose rarely has. */
    private static boolean looksLikePlace(byte[] b, int from, int to) {
        for (int i = from; i < to; i++) {
            if (b[i] == '(' || b[i] == '/' || b[i] == ':' || b[i] == '<') {
                return true;
            }
        }
        return false;
    }

    private static boolean isMore(byte[] b, int i, int to) {
        return to - i > 4 && b[i] == '.' && b[i + 1] == '.' && b[i + 2] == '.' && b[i + 3] == ' ' && digit(b[i + 4]);
    }

    /** Whether a line that is not indented goes on with an ordinary one, and which trace it opens. */
    private Answer begin(byte[] b, int from, int to, byte c, byte[] previous, int previousFrom, int previousTo) {
        switch (c) {
            case 'T' -> {
                if (at(b, from, to, TRACEBACK)) {
                    mode = Mode.PYTHON;
                    return ofLevel(previous, previousFrom, previousTo);
                }
            }
            case 'p' -> {
                if (at(b, from, to, PANIC)) {
                    mode = Mode.GO;
                    return Answer.BEGINS;
                }
            }
            case 'f' -> {
                if (at(b, from, to, FATAL)) {
                    mode = Mode.GO;
                    return Answer.BEGINS;
                }
            }
            case 'g' -> {
                if (isGoroutine(b, from, to)) {
                    mode = Mode.GO;
                    return ofLevel(previous, previousFrom, previousTo);
                }
            }
            case 'E' -> {
                if (at(b, from, to, IN_THREAD)) {
                    mode = Mode.JAVA;
                    return Answer.BEGINS;
                }
            }
            case '/' -> {
                if (isNodeSource(b, from, to)) {
                    mode = Mode.NODE_SOURCE;
                    return Answer.BEGINS;
                }
            }
            default -> {}
        }
        int type = exceptionType(b, from, to);
        if (type > 0) {
            mode = Mode.JAVA;
            // a logger writes the exception behind its line; printStackTrace writes it by itself
            return type == 2 ? ofLevel(previous, previousFrom, previousTo) : Answer.BEGINS;
        }
        return Answer.BEGINS;
    }

    private static Answer ofLevel(byte[] previous, int from, int to) {
        return from < to && hasLevel(previous, from, Math.min(to, from + LEVEL_REACH))
                ? Answer.CONTINUES
                : Answer.BEGINS;
    }

    /** 2 for the name of a Java exception with its package, 1 for one without (Node has such), 0 for anything else. */
    private static int exceptionType(byte[] b, int from, int to) {
        int i = from;
        boolean dots = false;
        while (i < to && (word(b[i]) || b[i] == '.' || b[i] == '$')) {
            dots |= b[i] == '.';
            i++;
        }
        if (i == from || i < to && b[i] != ':' && b[i] != ' ' || b[i - 1] == '.') {
            return 0;
        }
        if (i < to && b[i] == ' ' && (i + 1 == to || b[i + 1] != '[')) {
            return 0;
        }
        for (byte[] t : TYPES) {
            if (i - from >= t.length && at(b, i - t.length, to, t)) {
                return dots ? 2 : 1;
            }
        }
        return 0;
    }

    private boolean continues(byte[] b, int from, int to, byte c) {
        boolean indented = c == ' ' || c == '\t';
        return switch (mode) {
            case NONE -> false;
            case JAVA -> java(b, from, to, indented);
            case NODE -> node(b, from, to, indented, c);
            case NODE_SOURCE -> nodeSource(b, from, to);
            case PYTHON -> {
                if (!indented) {
                    boolean end = exceptionName(b, from, to);
                    mode = end ? Mode.PYTHON_END : Mode.NONE;
                    yield end;
                }
                yield true;
            }
            case PYTHON_END -> {
                if (at(b, from, to, DURING) || at(b, from, to, DIRECT)) {
                    chained = true;
                    yield true;
                }
                boolean goesOn = chained && at(b, from, to, TRACEBACK);
                chained = false;
                if (goesOn) {
                    mode = Mode.PYTHON;
                }
                yield goesOn;
            }
            case GO -> go(b, from, to, indented, c);
        };
    }

    private boolean java(byte[] b, int from, int to, boolean indented) {
        int i = from;
        while (i < to && (b[i] == ' ' || b[i] == '\t')) {
            i++;
        }
        if (i == to) {
            return false;
        }
        if (at(b, i, to, CAUSED) || at(b, i, to, SUPPRESSED) || at(b, i, to, WRAPPED)) {
            return true;
        }
        if (!indented) {
            boolean closes = braces && b[from] == '}' || at(b, i, to, CIRCULAR) || at(b, i, to, THROWN);
            braces &= !closes;
            return closes;
        }
        if (isFrame(b, i, to)) {
            if (b[to - 1] == '{') {
                braces = true;
                mode = Mode.NODE;
            }
        }
        return true;
    }

    private boolean node(byte[] b, int from, int to, boolean indented, byte c) {
        if (indented || at(b, from, to, NODE_VERSION)) {
            return true;
        }
        if (c == '}') {
            boolean closes = braces;
            braces = false;
            return closes;
        }
        return false;
    }

    private boolean nodeSource(byte[] b, int from, int to) {
        int type = exceptionType(b, from, to);
        if (type > 0) {
            mode = Mode.NODE;
        }
        return true;
    }

    private static boolean go(byte[] b, int from, int to, boolean indented, byte c) {
        if (indented) {
            return true;
        }
        return switch (c) {
            case 'g' -> isGoroutine(b, from, to) || isCall(b, from, to);
            case '[' -> at(b, from, to, SIGNAL);
            case 'c' -> at(b, from, to, CREATED) || isCall(b, from, to);
            case '.' -> at(b, from, to, ELIDED);
            case 'e' -> at(b, from, to, EXIT) || isCall(b, from, to);
            default -> isCall(b, from, to);
        };
    }

    /** {@code main.(*Server).serve(0xc000, {0x1, 0x2})}: a name without blanks, a dot in it, then brackets up to the end. */
    private static boolean isCall(byte[] b, int from, int to) {
        if (b[to - 1] != ')') {
            return false;
        }
        boolean dot = false;
        for (int i = from; i < to; i++) {
            if (b[i] == '(' && i > from && (b[i - 1] != '.' || to - i > 2 && b[i + 1] != '*')) {
                return dot;
            }
            if (b[i] == ' ' || b[i] == '=') {
                return false;
            }
            dot |= b[i] == '.';
        }
        return false;
    }

    private static boolean isGoroutine(byte[] b, int from, int to) {
        int i = from + GOROUTINE.length;
        if (!at(b, from, to, GOROUTINE) || i >= to || !digit(b[i])) {
            return false;
        }
        while (i < to && b[i] != '[') {
            i++;
        }
        return i < to && b[to - 1] == ':';
    }

    /** {@code /app/index.js:10}, all of the line. */
    private static boolean isNodeSource(byte[] b, int from, int to) {
        int i = to;
        while (i > from && digit(b[i - 1])) {
            i--;
        }
        return i < to && i - from > 4 && b[i - 1] == ':' && b[i - 2] == 's' && (b[i - 3] == 'j' || b[i - 3] == 't');
    }

    /** The last line of a Python trace: a name, alone or with a colon behind it. */
    private static boolean exceptionName(byte[] b, int from, int to) {
        int i = from;
        while (i < to && (word(b[i]) || b[i] == '.')) {
            i++;
        }
        return i > from && !digit(b[from]) && (i == to || b[i] == ':');
    }

    private static boolean hasLevel(byte[] b, int from, int to) {
        for (int i = from; i < to; i++) {
            int c = b[i] | 0x20;
            if (c == 'e' || c == 'w' || c == 'f' || c == 's' || c == 'c' || c == 'p') {
                for (byte[] level : LEVELS) {
                    if (level[0] == c && sameLetters(b, i, to, level)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean sameLetters(byte[] b, int from, int to, byte[] lower) {
        if (to - from < lower.length) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            if ((b[from + i] | 0x20) != lower[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean at(byte[] b, int from, int to, byte[] wanted) {
        if (to - from < wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (b[from + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean word(byte c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digit(c) || c == '_';
    }

    private static boolean digit(byte c) {
        return c >= '0' && c <= '9';
    }

    private static byte[] ascii(String s) {
        return s.getBytes(StandardCharsets.US_ASCII);
    }
}
