/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.logql.parser.DurationText;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A test of the language as text: data, queries, answers. */
final class LogqlScript {
    private static final String BASE = "{app=\"t\"}";
    private static final long HOUR = 3_600_000_000_000L;
    private static final Pattern ENTRY = Pattern.compile("(\\{[^}]*})\\s+(\\S+)\\s?(?:\\[(\\{[^}]*})]\\s?)?(.*)");

    private final List<String> lines;
    private final List<Case> cases = new ArrayList<>();
    private List<EntryBatch> data = new ArrayList<>();
    private int at;

    private LogqlScript(List<String> lines) {
        this.lines = lines;
    }

    /**
     * One query with its answer.
     *
     * @param eval what stands behind {@code eval}
     * @param expected the answer, in the form in which {@link #run} gives it
     */
    record Case(int lineNumber, List<EntryBatch> data, String eval, String expected) {
        String run() throws StoreException, InterruptedException {
            try {
                return answer(data, eval);
            } catch (RequestException e) {
                return "error " + String.valueOf(e.getMessage()).replace("\n", "\\n");
            }
        }
    }

    static List<Case> parse(List<String> lines) {
        LogqlScript script = new LogqlScript(lines);
        while (script.at < lines.size()) {
            script.command();
        }
        return script.cases;
    }

    private IllegalArgumentException wrong(int line, String what) {
        return new IllegalArgumentException("line " + (line + 1) + ": " + what);
    }

    private static boolean blank(String line) {
        return line.isBlank() || line.startsWith("#");
    }

    private void command() {
        int here = at;
        String line = lines.get(at++);
        if (blank(line)) {
            return;
        }
        if (line.equals("clear")) {
            data = new ArrayList<>();
        } else if (line.equals("load")) {
            data = new ArrayList<>(data);
            for (String entry : block()) {
                data.add(entry(entry));
            }
        } else if (line.startsWith("line ")) {
            data = List.of(batch(Parser.parseMatchers(BASE), 0, Labels.EMPTY, line.substring(5)));
        } else if (line.startsWith("eval ")) {
            eval(here, line.substring(5));
        } else if (line.startsWith("expect")) {
            throw wrong(here, "expect without eval");
        } else {
            throw wrong(here, "'" + line + "' is no command");
        }
    }

    /** The indented lines that follow. */
    private List<String> block() {
        List<String> block = new ArrayList<>();
        while (at < lines.size() && lines.get(at).startsWith("  ")) {
            block.add(lines.get(at++).substring(2));
        }
        return block;
    }

    private EntryBatch entry(String text) {
        java.util.regex.Matcher m = ENTRY.matcher(text);
        if (!m.matches()) {
            throw wrong(at - 1, "'" + text + "' is no entry");
        }
        Labels metadata = m.group(3) == null ? Labels.EMPTY : labels(Parser.parseMatchers(m.group(3)));
        return batch(Parser.parseMatchers(m.group(1)), time(at - 1, m.group(2)), metadata, m.group(4));
    }

    private static Labels labels(List<Matcher> matchers) {
        Labels.Builder b = new Labels.Builder();
        matchers.forEach(m -> b.set(m.name(), m.value()));
        return b.build();
    }

    private static EntryBatch batch(List<Matcher> stream, long time, Labels metadata, String text) {
        EntryBatch b = new EntryBatch(labels(stream));
        byte[] line = text.replace("\\n", "\n").replace("\\e", "\u001b").getBytes(StandardCharsets.UTF_8);
        b.add(time, line, 0, line.length, metadata);
        return b;
    }

    private long time(int line, String text) {
        return DurationText.parse(text).orElseThrow(() -> wrong(line, "'" + text + "' is no time"));
    }

    private void eval(int here, String eval) {
        String kind = eval.split(" ", 2)[0];
        if (!List.of("lines", "backward", "instant", "range", "template").contains(kind) && !isStage(eval)) {
            throw wrong(here, "eval what? " + kind);
        }
        while (at < lines.size() && blank(lines.get(at))) {
            at++;
        }
        if (at == lines.size() || !lines.get(at).startsWith("expect")) {
            throw wrong(here, "eval without expect");
        }
        String line = lines.get(at++).stripTrailing();
        String first = line.length() > 7 ? line.substring(7) : "";
        List<String> block = block();
        String expected = first.isEmpty() ? block.stream().map(String::strip).collect(Collectors.joining("\n")) : first;
        cases.add(new Case(here + 1, data, eval, expected));
    }

    private static boolean isStage(String eval) {
        return eval.startsWith("|") || eval.startsWith("!");
    }

    private static String answer(List<EntryBatch> data, String eval) throws StoreException, InterruptedException {
        if (isStage(eval)) {
            return lines(data, BASE + " " + eval, Direction.FORWARD, true);
        }
        String[] words = eval.split(" ", 2);
        String rest = words.length == 1 ? "" : words[1];
        return switch (words[0]) {
            case "template" -> {
                String all = lines(data, BASE + " | logfmt | line_format `" + rest + "`", Direction.FORWARD, true);
                // a template is about the line alone
                yield all.replaceFirst("^\\{.*?} ?", "");
            }
            case "lines" -> lines(data, rest, Direction.FORWARD, false);
            case "backward" -> lines(data, rest, Direction.BACKWARD, false);
            case "instant" -> {
                String[] p = rest.split(" ", 2);
                long t = DurationText.parse(p[0]).orElseThrow();
                yield samples(data, new QueryRequest(Parser.parseExtended(p[1]), t, t, 0, Direction.BACKWARD, 100));
            }
            default -> {
                String[] p = rest.split(" ", 4);
                yield samples(
                        data,
                        new QueryRequest(
                                Parser.parseExtended(p[3]),
                                DurationText.parse(p[0]).orElseThrow(),
                                DurationText.parse(p[1]).orElseThrow(),
                                DurationText.parse(p[2]).orElseThrow(),
                                Direction.BACKWARD,
                                100));
            }
        };
    }

    private static QueryResult.Data run(List<EntryBatch> data, QueryRequest request)
            throws StoreException, InterruptedException {
        return new Engine(new DirectExecutor())
                .run(request, new MemoryLogSource(data), Limits.DEFAULTS, () -> false)
                .data();
    }

    /** {@code short form}: one line, without its time and the label that all have. */
    private static String lines(List<EntryBatch> data, String query, Direction direction, boolean shortForm)
            throws StoreException, InterruptedException {
        QueryRequest request = new QueryRequest(Parser.parseExtended(query), -HOUR, 24 * HOUR, 0, direction, 100);
        if (!(run(data, request) instanceof QueryResult.Lines found)) {
            throw new IllegalArgumentException("no log query: " + query);
        }
        if (found.lines().isEmpty()) {
            return "nothing";
        }
        return found.lines().stream()
                .map(l -> {
                    Labels.Builder b = l.stream().toBuilder();
                    for (Labels more : List.of(l.metadata(), l.parsed())) {
                        for (int i = 0; i < more.size(); i++) {
                            b.put(more.name(i), more.value(i));
                        }
                    }
                    if (shortForm) {
                        b.remove("app");
                    }
                    String text =
                            b.build() + " " + l.line().replace("\n", "\\n").replace("\u001b", "\\e");
                    return (shortForm ? text : DurationText.formatUnits(l.timestampNanos()) + " " + text)
                            .stripTrailing();
                })
                .collect(Collectors.joining("\n"));
    }

    private static String samples(List<EntryBatch> data, QueryRequest request)
            throws StoreException, InterruptedException {
        return switch (run(data, request)) {
            case QueryResult.Scalar s -> number(s.value());
            case QueryResult.VectorData v ->
                v.samples().isEmpty()
                        ? "nothing"
                        : v.samples().stream()
                                .map(s -> s.labels() + " " + number(s.value()))
                                .collect(Collectors.joining("\n"));
            case QueryResult.Matrix m ->
                m.series().isEmpty()
                        ? "nothing"
                        : m.series().stream().map(s -> row(s, request)).collect(Collectors.joining("\n"));
            case QueryResult.Lines l -> throw new IllegalArgumentException("no metric query");
        };
    }

    /** The values at all steps, {@code _} where there is none. */
    private static String row(QueryResult.Series s, QueryRequest request) {
        StringBuilder out = new StringBuilder(s.labels().toString());
        long step = request.stepNanos();
        long first = Math.floorDiv(request.startNanos(), step) * step;
        for (long t = first; t <= Math.ceilDiv(request.endNanos(), step) * step; t += step) {
            int i = Arrays.binarySearch(s.timestampNanos(), t);
            out.append(' ').append(i < 0 ? "_" : number(s.values()[i]));
        }
        return out.toString();
    }

    /** Nine digits: more than are written down, fewer than rounding reaches. */
    private static String number(double v) {
        if (Double.isNaN(v)) {
            return "NaN";
        }
        if (Double.isInfinite(v)) {
            return v > 0 ? "+Inf" : "-Inf";
        }
        String s = String.format(Locale.ROOT, "%.9g", v);
        return new java.math.BigDecimal(s).stripTrailingZeros().toPlainString();
    }
}
