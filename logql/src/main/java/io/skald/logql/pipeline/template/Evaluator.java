/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs one template over one entry. Confined to one thread. */
final class Evaluator {
    /** More output than this is not worth a line. */
    private static final int MAX_OUTPUT = 1 << 20;

    /** Steps after which a template is given up: ranges within ranges over large values. */
    private static final int MAX_STEPS = 1_000_000;

    /** Templates within templates. */
    private static final int MAX_CALLS = 50;

    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    /** The dot that is the entry itself, whose fields are labels. */
    private enum Entry {
        ENTRY
    }

    private final Functions functions;
    private final TemplateData data;
    private final String name;
    private final StringBuilder out;
    private final List<Map.Entry<String, @Nullable Object>> variables = new ArrayList<>();
    private final @Nullable Object root;
    private final Map<String, List<Node>> defined;
    private int steps;
    private int depth;

    Evaluator(String name, Functions functions, TemplateData data, StringBuilder out) {
        this(name, functions, data, out, Entry.ENTRY, Map.of());
    }

    /**
     * @param root the dot
     * @param defined templates that others may call
     */
    Evaluator(
            String name,
            Functions functions,
            TemplateData data,
            StringBuilder out,
            @Nullable Object root,
            Map<String, List<Node>> defined) {
        this.name = name;
        this.functions = functions;
        this.data = data;
        this.out = out;
        this.root = root;
        this.defined = defined;
    }

    void run(List<Node> nodes) {
        nodes(nodes, root);
    }

    /** Runs another template with variables of its own. */
    private void run(String template, @Nullable Object dot, StringBuilder to) {
        List<Node> body = defined.get(template);
        if (body == null) {
            throw new EvalException("template: " + name + ": template \"" + template + "\" not defined");
        }
        Evaluator inner = new Evaluator(name, functions, data, to, dot, defined);
        inner.steps = steps;
        inner.depth = depth + 1;
        if (inner.depth > MAX_CALLS) {
            throw new EvalException("template: " + name + ": templates call each other too deeply");
        }
        inner.run(body);
        steps = inner.steps;
    }

    private Flow nodes(List<Node> nodes, @Nullable Object dot) {
        for (Node n : nodes) {
            Flow f = node(n, dot);
            if (f != Flow.NEXT) {
                return f;
            }
        }
        return Flow.NEXT;
    }

    private Flow node(Node node, @Nullable Object dot) {
        if (++steps > MAX_STEPS || out.length() > MAX_OUTPUT) {
            throw new EvalException("template: " + name + ": template takes too long or writes too much");
        }
        switch (node) {
            case Node.Text t -> out.append(t.text());
            case Node.Action a -> {
                Object v = pipe(a.pipe(), dot);
                if (a.pipe().variables().isEmpty()) {
                    out.append(v == null ? "<no value>" : GoFormat.value(visible(v)));
                }
            }
            case Node.If i -> {
                return scoped(() -> nodes(truth(pipe(i.condition(), dot)) ? i.then() : i.otherwise(), dot));
            }
            case Node.With w -> {
                return scoped(() -> {
                    Object v = pipe(w.value(), dot);
                    return truth(v) ? nodes(w.then(), v) : nodes(w.otherwise(), dot);
                });
            }
            case Node.Range r -> {
                return scoped(() -> range(r, dot));
            }
            case Node.Break b -> {
                return Flow.BREAK;
            }
            case Node.Continue c -> {
                return Flow.CONTINUE;
            }
            case Node.Call c -> run(c.name(), c.dot() == null ? null : pipe(c.dot(), dot), out);
        }
        return Flow.NEXT;
    }

    /** Forgets the variables of a block behind it. */
    private Flow scoped(java.util.function.Supplier<Flow> block) {
        int mark = variables.size();
        Flow f = block.get();
        while (variables.size() > mark) {
            variables.removeLast();
        }
        return f;
    }

    private Flow range(Node.Range r, @Nullable Object dot) {
        Object v = visible(commands(r.value(), dot));
        List<Map.Entry<@Nullable Object, @Nullable Object>> items = new ArrayList<>();
        switch (v) {
            case null -> {}
            case List<?> l -> {
                for (int i = 0; i < l.size(); i++) {
                    items.add(new AbstractMap.SimpleEntry<>((long) i, l.get(i)));
                }
            }
            case Map<?, ?> m -> m.forEach((k, x) -> items.add(new AbstractMap.SimpleEntry<>(k, x)));
            case Long n -> {
                for (long i = 0; i < Math.min(n, MAX_STEPS); i++) {
                    items.add(new AbstractMap.SimpleEntry<>(i, i));
                }
            }
            default ->
                throw new EvalException("template: " + name + ":1: executing \"" + name
                        + "\": range can't iterate over " + GoFormat.value(v));
        }
        if (items.isEmpty()) {
            return nodes(r.otherwise(), dot);
        }
        List<String> names = r.value().variables();
        for (Map.Entry<@Nullable Object, @Nullable Object> item : items) {
            int mark = variables.size();
            if (names.size() == 1) {
                assign(names.get(0), r.value().declares(), item.getValue());
            } else if (names.size() == 2) {
                assign(names.get(0), r.value().declares(), item.getKey());
                assign(names.get(1), r.value().declares(), item.getValue());
            }
            Flow f = nodes(r.body(), item.getValue());
            while (variables.size() > mark) {
                variables.removeLast();
            }
            if (f == Flow.BREAK) {
                break;
            }
        }
        return Flow.NEXT;
    }

    private void assign(String variable, boolean declares, @Nullable Object value) {
        if (!declares) {
            for (int i = variables.size() - 1; i >= 0; i--) {
                if (variables.get(i).getKey().equals(variable)) {
                    variables.get(i).setValue(value);
                    return;
                }
            }
        }
        variables.add(new AbstractMap.SimpleEntry<>(variable, value));
    }

    private @Nullable Object pipe(Node.Pipe pipe, @Nullable Object dot) {
        Object v = commands(pipe, dot);
        for (String variable : pipe.variables()) {
            assign(variable, pipe.declares(), v);
        }
        return v;
    }

    private @Nullable Object commands(Node.Pipe pipe, @Nullable Object dot) {
        Object v = null;
        boolean first = true;
        for (Node.Command c : pipe.commands()) {
            v = command(c, dot, v, !first);
            first = false;
        }
        return v;
    }

    private @Nullable Object command(Node.Command c, @Nullable Object dot, @Nullable Object last, boolean hasLast) {
        Node.Operand head = c.operands().getFirst();
        List<Node.Operand> rest = c.operands().subList(1, c.operands().size());
        if (head instanceof Node.Function f) {
            if (f.name().equals("and") || f.name().equals("or")) {
                return shortCircuit(f.name().equals("and"), rest, dot, last, hasLast);
            }
            List<@Nullable Object> args = arguments(rest, dot, last, hasLast);
            if (f.name().equals("tmpl") && args.size() == 2 && args.getFirst() instanceof String template) {
                StringBuilder to = new StringBuilder();
                run(template, args.get(1), to);
                return to.toString();
            }
            return call(f.name(), args, c.column(), c.text());
        }
        if (head instanceof Node.Field f && (!rest.isEmpty() || hasLast)) {
            Object of = operand(f.of(), dot);
            if (of instanceof GoTime || of instanceof GoDuration) {
                return method(of, f, arguments(rest, dot, last, hasLast));
            }
            throw at(f.column(), f.text(), f.name() + " is not a method but has arguments");
        }
        if (!rest.isEmpty() || hasLast) {
            throw at(c.column(), c.text(), "can't give argument to non-function " + c.text());
        }
        return operand(head, dot);
    }

    private List<@Nullable Object> arguments(
            List<Node.Operand> operands, @Nullable Object dot, @Nullable Object last, boolean hasLast) {
        List<@Nullable Object> args = new ArrayList<>(operands.size() + 1);
        for (Node.Operand o : operands) {
            args.add(visible(operand(o, dot)));
        }
        if (hasLast) {
            args.add(visible(last));
        }
        return args;
    }

    private @Nullable Object shortCircuit(
            boolean and, List<Node.Operand> operands, @Nullable Object dot, @Nullable Object last, boolean hasLast) {
        Object v = null;
        for (Node.Operand o : operands) {
            v = operand(o, dot);
            if (truth(v) != and) {
                return v;
            }
        }
        return hasLast ? last : v;
    }

    private @Nullable Object call(String function, List<@Nullable Object> args, int column, String text) {
        try {
            return functions.call(function, args, data);
        } catch (CallException e) {
            throw at(column, text, e.wrapped() ? "error calling " + function + ": " + e.text() : e.text());
        }
    }

    private @Nullable Object operand(Node.Operand o, @Nullable Object dot) {
        return switch (o) {
            case Node.Constant c -> c.value();
            case Node.Dot d -> dot;
            case Node.Function f -> call(f.name(), new ArrayList<>(), 0, f.name());
            case Node.Variable v -> variable(v.name());
            case Node.Nested n -> commands(n.pipe(), dot);
            case Node.Field f -> field(f, operand(f.of(), dot));
        };
    }

    private @Nullable Object variable(String variable) {
        for (int i = variables.size() - 1; i >= 0; i--) {
            if (variables.get(i).getKey().equals(variable)) {
                return variables.get(i).getValue();
            }
        }
        return variable.equals("$") ? root : null;
    }

    private @Nullable Object field(Node.Field f, @Nullable Object of) {
        if (of instanceof Entry) {
            String v = data.label(f.name());
            return v == null ? "" : v;
        }
        return switch (of) {
            case Map<?, ?> m -> {
                Object x = m.get(f.name());
                yield x == null && m instanceof java.util.SortedMap ? "" : x;
            }
            case GoTime t -> method(t, f, new ArrayList<>());
            case GoDuration d -> method(d, f, new ArrayList<>());
            case null -> throw at(f.column(), f.text(), "nil pointer evaluating interface {}." + f.name());
            default ->
                throw at(f.column(), f.text(), "can't evaluate field " + f.name() + " in type " + GoFormat.type(of));
        };
    }

    private @Nullable Object method(Object of, Node.Field f, List<@Nullable Object> args) {
        try {
            return TimeFunctions.method(of, f.name(), args);
        } catch (CallException e) {
            throw at(f.column(), f.text(), e.text());
        }
    }

    /** The entry as a map of its labels, everything else as it is. */
    private @Nullable Object visible(@Nullable Object v) {
        return v instanceof Entry ? data.labels() : v;
    }

    static boolean truth(@Nullable Object v) {
        return switch (v) {
            case null -> false;
            case Boolean b -> b;
            case String s -> !s.isEmpty();
            case Long l -> l != 0;
            case Double d -> d != 0;
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            default -> true;
        };
    }

    private EvalException at(int column, String text, String problem) {
        return new EvalException(
                "template: " + name + ":1:" + column + ": executing \"" + name + "\" at <" + text + ">: " + problem);
    }
}
