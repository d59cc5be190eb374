/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import io.skald.logql.pipeline.template.TemplateLexer.Kind;
import io.skald.logql.pipeline.template.TemplateLexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds the tree of a template. */
final class TemplateParser {
    private static final int MAX_DEPTH = 100;

    private final String name;
    private final String source;
    private final List<Token> tokens;
    private final Set<String> variables = new HashSet<>(Set.of("$"));
    private final TemplateFunctions functions;
    private final boolean defines;
    private final Map<String, List<Node>> defined = new HashMap<>();
    private int at;
    private int depth;
    private int ranges;

    /** @param defines whether templates may be defined in the text */
    TemplateParser(String name, String text, TemplateFunctions functions, boolean defines) {
        this.name = name;
        this.source = text;
        this.functions = functions;
        this.defines = defines;
        this.tokens = TemplateLexer.lex(name, text);
    }

    List<Node> parse() {
        List<Node> nodes = new ArrayList<>();
        Token end = list(nodes);
        if (end.kind() != Kind.EOF) {
            throw error(end, "unexpected {{" + end.text() + "}}");
        }
        return List.copyOf(nodes);
    }

    /** What {@code define} named, once the text is parsed. */
    Map<String, List<Node>> defined() {
        return defined;
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Token next() {
        return tokens.get(at == tokens.size() - 1 ? at : at++);
    }

    /** Reads nodes until an else, an end or the end of the text, which it returns. */
    private Token list(List<Node> out) {
        if (++depth > MAX_DEPTH) {
            throw error(peek(), "exceeded max nesting");
        }
        while (true) {
            Token t = next();
            if (t.kind() == Kind.EOF) {
                depth--;
                return t;
            }
            if (t.kind() == Kind.TEXT) {
                out.add(new Node.Text(t.text()));
                continue;
            }
            Token word = peek();
            if (word.kind() == Kind.IDENTIFIER
                    && (word.text().equals("end") || word.text().equals("else"))) {
                next();
                depth--;
                return word;
            }
            if (defines && word.kind() == Kind.IDENTIFIER && word.text().equals("define")) {
                define();
                continue;
            }
            out.add(action(word));
        }
    }

    private void define() {
        next();
        String template = templateName("define");
        expectClose("define");
        Set<String> outer = Set.copyOf(variables);
        variables.retainAll(Set.of("$"));
        List<Node> body = new ArrayList<>();
        Token end = list(body);
        if (end.kind() == Kind.EOF || !end.text().equals("end")) {
            throw error(end, "unexpected " + (end.kind() == Kind.EOF ? "EOF" : "{{" + end.text() + "}}"));
        }
        expectClose("end");
        variables.addAll(outer);
        defined.put(template, List.copyOf(body));
    }

    private String templateName(String context) {
        Token t = next();
        if (t.kind() != Kind.STRING) {
            throw unexpected(t, context);
        }
        return t.text();
    }

    private Node callTemplate() {
        next();
        String template = templateName("template");
        Node.Pipe dot = peek().kind() == Kind.CLOSE ? null : pipe("template");
        expectClose("template");
        return new Node.Call(template, dot);
    }

    private Node action(Token word) {
        if (word.kind() == Kind.IDENTIFIER) {
            if (defines && word.text().equals("template")) {
                return callTemplate();
            }
            switch (word.text()) {
                case "if", "with", "range" -> {
                    next();
                    return control(word.text());
                }
                case "break", "continue" -> {
                    next();
                    if (ranges == 0) {
                        throw error(word, "{{" + word.text() + "}} outside {{range}}");
                    }
                    expectClose("{{" + word.text() + "}}");
                    return word.text().equals("break") ? new Node.Break() : new Node.Continue();
                }
                case "define", "template", "block" -> throw error(word, "unexpected {{" + word.text() + "}}");
                default -> {}
            }
        }
        Node.Pipe pipe = pipe("command");
        expectClose("command");
        return new Node.Action(pipe);
    }

    private Node control(String kind) {
        Set<String> outer = Set.copyOf(variables);
        Node.Pipe pipe = pipe(kind);
        expectClose(kind);
        boolean range = kind.equals("range");
        ranges += range ? 1 : 0;
        List<Node> body = new ArrayList<>();
        Token end = list(body);
        ranges -= range ? 1 : 0;
        List<Node> otherwise = new ArrayList<>();
        if (end.text().equals("else") && end.kind() == Kind.IDENTIFIER) {
            end = orElse(kind, otherwise);
        }
        if (end.kind() == Kind.EOF) {
            throw error(end, "unexpected EOF");
        }
        if (end.text().equals("end") && peek().kind() == Kind.CLOSE) {
            next();
        }
        variables.retainAll(outer);
        List<Node> then = List.copyOf(body);
        List<Node> other = List.copyOf(otherwise);
        return switch (kind) {
            case "if" -> new Node.If(pipe, then, other);
            case "with" -> new Node.With(pipe, then, other);
            default -> new Node.Range(pipe, then, other);
        };
    }

    /** What follows an else; an else-if holds the rest and ends with the same end. */
    private Token orElse(String kind, List<Node> otherwise) {
        Token word = peek();
        if (word.kind() == Kind.IDENTIFIER && word.text().equals(kind) && !kind.equals("range")) {
            next();
            if (++depth > MAX_DEPTH) {
                throw error(word, "exceeded max nesting");
            }
            otherwise.add(control(kind));
            depth--;
            return new Token(Kind.IDENTIFIER, "", word.column(), word.line(), false, word.end());
        }
        expectClose("else");
        return list(otherwise);
    }

    private void expectClose(String context) {
        Token t = next();
        if (t.kind() != Kind.CLOSE) {
            throw unexpected(t, context);
        }
    }

    private Node.Pipe pipe(String context) {
        if (++depth > MAX_DEPTH) {
            throw error(peek(), "exceeded max nesting");
        }
        List<String> names = new ArrayList<>();
        boolean declares = declarations(names, context);
        List<Node.Command> commands = new ArrayList<>();
        commands.add(command(context));
        while (peek().kind() == Kind.PIPE) {
            next();
            commands.add(command(context));
        }
        for (int i = 1; i < commands.size(); i++) {
            if (commands.get(i).operands().getFirst() instanceof Node.Constant c) {
                throw error(peek(), "non executable command in pipeline stage " + (i + 1) + (c == null ? "?" : ""));
            }
        }
        variables.addAll(names);
        depth--;
        return new Node.Pipe(List.copyOf(names), declares, List.copyOf(commands));
    }

    /** Reads {@code $a, $b :=} if it is there; whether the variables are new. */
    private boolean declarations(List<String> names, String context) {
        int start = at;
        List<String> found = new ArrayList<>();
        while (peek().kind() == Kind.VARIABLE) {
            found.add(next().text());
            Token t = peek();
            if (t.kind() == Kind.COMMA && context.equals("range") && found.size() < 2) {
                next();
                continue;
            }
            if (t.kind() == Kind.DECLARE || t.kind() == Kind.ASSIGN) {
                next();
                names.addAll(found);
                if (t.kind() == Kind.ASSIGN) {
                    found.forEach(v -> checkVariable(v, t));
                }
                return t.kind() == Kind.DECLARE;
            }
            break;
        }
        at = start;
        return false;
    }

    private void checkVariable(String variable, Token t) {
        if (!variables.contains(variable)) {
            throw error(t, "undefined variable \"" + variable + "\"");
        }
    }

    private Node.Command command(String context) {
        List<Node.Operand> operands = new ArrayList<>();
        Token first = peek();
        int from = first.end() - length(first);
        int to = from;
        while (true) {
            Token t = peek();
            if (t.kind() == Kind.PIPE || t.kind() == Kind.CLOSE || t.kind() == Kind.RIGHT_PAREN) {
                break;
            }
            Node.Operand operand = operand(context);
            to = tokens.get(at - 1).end();
            operands.add(operand);
        }
        if (operands.isEmpty()) {
            throw error(peek(), first.kind() == Kind.CLOSE ? "missing value for " + context : "empty command");
        }
        return new Node.Command(
                List.copyOf(operands),
                first.column(),
                source.substring(Math.min(from, to), to).strip());
    }

    private int length(Token t) {
        return switch (t.kind()) {
            case FIELD -> t.text().length() + 1;
            case STRING, CHAR -> t.end() - startOfQuote(t);
            default -> t.text().length();
        };
    }

    private int startOfQuote(Token t) {
        int lineStart = source.lastIndexOf('\n', t.end() - 1) + 1;
        return Math.min(t.end(), lineStart + t.column());
    }

    private Node.Operand operand(String context) {
        Token t = next();
        Node.Operand base = switch (t.kind()) {
            case IDENTIFIER -> identifier(t);
            case FIELD -> new Node.Field(new Node.Dot(), t.text(), t.column(), "." + t.text());
            case DOT -> new Node.Dot();
            case VARIABLE -> {
                checkVariable(t.text(), t);
                yield new Node.Variable(t.text());
            }
            case STRING -> new Node.Constant(t.text());
            case CHAR -> new Node.Constant((long) t.text().codePointAt(0));
            case NUMBER -> new Node.Constant(number(t));
            case LEFT_PAREN -> {
                Node.Pipe pipe = pipe("parenthesized pipeline");
                if (next().kind() != Kind.RIGHT_PAREN) {
                    throw error(t, "unclosed left paren");
                }
                yield new Node.Nested(pipe);
            }
            case TEXT, OPEN, CLOSE, PIPE, RIGHT_PAREN, DECLARE, ASSIGN, COMMA, EOF -> throw unexpected(t, context);
        };
        String text = t.kind() == Kind.FIELD ? "." + t.text() : t.text();
        while (peek().kind() == Kind.FIELD && !peek().spaced()) {
            Token f = next();
            text = text + "." + f.text();
            base = new Node.Field(base, f.text(), f.column(), text);
        }
        return base;
    }

    private Node.Operand identifier(Token t) {
        return switch (t.text()) {
            case "true" -> new Node.Constant(true);
            case "false" -> new Node.Constant(false);
            case "nil" -> new Node.Constant(null);
            default -> {
                if (!Functions.NAMES.contains(t.text())
                        && !functions.has(t.text())
                        && !(defines && t.text().equals("tmpl"))) {
                    throw error(t, "function \"" + t.text() + "\" not defined");
                }
                yield new Node.Function(t.text());
            }
        };
    }

    private Object number(Token t) {
        Object n = Numbers.literal(t.text());
        if (n == null) {
            throw error(t, "bad number syntax: " + GoStrings.quote(t.text()));
        }
        return n;
    }

    private TemplateSyntaxException unexpected(Token t, String context) {
        String what = switch (t.kind()) {
            case EOF -> "EOF";
            case CLOSE -> "\"}}\"";
            default -> "\"" + t.text() + "\"";
        };
        return error(t, "unexpected " + what + " in " + context);
    }

    private TemplateSyntaxException error(@Nullable Token t, String problem) {
        return new TemplateSyntaxException("template: " + name + ":" + (t == null ? 1 : t.line()) + ": " + problem);
    }
}
