/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable and thread-safe; {@link #runner} makes what runs it in one thread. */
public final class Template {
    private final String name;
    private final List<Node> nodes;
    private final Map<String, List<Node>> defined;

    private Template(String name, List<Node> nodes, Map<String, List<Node>> defined) {
        this.name = name;
        this.nodes = nodes;
        this.defined = Map.copyOf(defined);
    }

    /**
     * Parses a template.
     *
     * @param name how errors call it
     * @throws TemplateSyntaxException if the text is not one
     */
    public static Template parse(String name, String text) {
        return new Template(name, new TemplateParser(name, text, TemplateFunctions.NONE, false).parse(), Map.of());
    }

    /**
     * Parses a template that may also {@code define} others, and call more functions.
     *
     * @throws TemplateSyntaxException if the text is not one
     */
    public static Template parse(String name, String text, TemplateFunctions functions) {
        TemplateParser parser = new TemplateParser(name, text, functions, true);
        List<Node> nodes = parser.parse();
        return new Template(name, nodes, parser.defined());
    }

    /**
     * Runs a template over a value, which is its dot.
     *
     * @throws IllegalArgumentException if it fails; the message says where
     */
    public String render(Object dot, TemplateFunctions functions) {
        StringBuilder out = new StringBuilder();
        try {
            new Evaluator(name, new Functions(functions), NO_ENTRY, out, dot, defined).run(nodes);
        } catch (EvalException e) {
            throw new IllegalArgumentException(e.text(), e);
        }
        return out.toString();
    }

    private static final TemplateData NO_ENTRY = new TemplateData() {
        @Override
        public @Nullable String label(String label) {
            return null;
        }

        @Override
        public Map<String, String> labels() {
            return Map.of();
        }

        @Override
        public String line() {
            return "";
        }

        @Override
        public long timestampNanos() {
            return 0;
        }
    };

    /** The text if the template is nothing else, or null. */
    public @Nullable String constant() {
        if (nodes.isEmpty()) {
            return "";
        }
        return nodes.size() == 1 && nodes.getFirst() instanceof Node.Text t ? t.text() : null;
    }

    /** Adds the labels that the template reads; false if it may read any. */
    public boolean addLabels(Set<String> out) {
        Set<String> found = new HashSet<>();
        boolean known = Labels.nodes(nodes, found);
        out.addAll(found);
        return known;
    }

    /** Runs the template in one thread. */
    public Runner runner() {
        return runner(TemplateFunctions.NONE);
    }

    /** The same for a template that calls more functions. */
    public Runner runner(TemplateFunctions functions) {
        return new Runner(this, functions);
    }

    /** Runs one template over one entry after the other. Confined to one thread. */
    public static final class Runner {
        private final Template template;
        private final Functions functions;
        private final StringBuilder out = new StringBuilder();
        private @Nullable String error;

        private Runner(Template template, TemplateFunctions functions) {
            this.template = template;
            this.functions = new Functions(functions);
        }

        /** The text for an entry, or null when the template fails on it; {@link #error} then says why. */
        public @Nullable String run(TemplateData data) {
            out.setLength(0);
            error = null;
            try {
                new Evaluator(template.name, functions, data, out).run(template.nodes);
            } catch (EvalException e) {
                error = e.text();
                return null;
            }
            return out.toString();
        }

        public @Nullable String error() {
            return error;
        }
    }

    /** Finds the labels in a tree. */
    private static final class Labels {
        static boolean nodes(List<Node> nodes, Set<String> out) {
            for (Node n : nodes) {
                boolean known = switch (n) {
                    case Node.Text t -> true;
                    case Node.Action a -> pipe(a.pipe(), out);
                    case Node.If i -> pipe(i.condition(), out) && nodes(i.then(), out) && nodes(i.otherwise(), out);
                    // within with and range the dot is another value: what looks like a label may be one, or not
                    case Node.With w -> pipe(w.value(), out) && inner(w.then(), out) && nodes(w.otherwise(), out);
                    case Node.Range r -> pipe(r.value(), out) && inner(r.body(), out) && nodes(r.otherwise(), out);
                    case Node.Break b -> true;
                    case Node.Continue c -> true;
                    case Node.Call c -> false;
                };
                if (!known) {
                    return false;
                }
            }
            return true;
        }

        /** A block whose dot is not the entry; a bare dot there is harmless unless it is the entry again. */
        private static boolean inner(List<Node> nodes, Set<String> out) {
            nodes(nodes, out);
            return !mentionsRoot(nodes);
        }

        private static boolean mentionsRoot(List<Node> nodes) {
            return nodes.toString().contains("Variable[name=$]");
        }

        private static boolean pipe(Node.Pipe pipe, Set<String> out) {
            for (Node.Command c : pipe.commands()) {
                for (Node.Operand o : c.operands()) {
                    if (!operand(o, out)) {
                        return false;
                    }
                }
            }
            return true;
        }

        private static boolean operand(Node.Operand o, Set<String> out) {
            return switch (o) {
                case Node.Constant c -> true;
                case Node.Function f -> true;
                case Node.Dot d -> false;
                case Node.Variable v -> !v.name().equals("$");
                case Node.Nested n -> pipe(n.pipe(), out);
                case Node.Field f -> {
                    if (f.of() instanceof Node.Dot
                            || f.of() instanceof Node.Variable v && v.name().equals("$")) {
                        out.add(f.name());
                        yield true;
                    }
                    yield operand(f.of(), out);
                }
            };
        }

        private Labels() {}
    }
}
