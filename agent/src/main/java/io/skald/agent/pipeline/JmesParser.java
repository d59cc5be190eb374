/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.pipeline.JmesLexer.Kind;
import io.skald.agent.pipeline.JmesLexer.Token;
import io.skald.agent.pipeline.JmesPath.Comparison;
import io.skald.agent.pipeline.JmesPath.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads an expression of JMESPath by the binding powers of its operators. Confined to one thread. */
final class JmesParser {
    // how strongly operators bind
    private static final int PIPE = 1;
    private static final int OR = 2;
    private static final int AND = 3;
    private static final int COMPARE = 5;
    private static final int FLATTEN = 9;
    private static final int STAR = 20;
    private static final int FILTER = 21;
    private static final int DOT = 40;
    private static final int NOT = 45;
    private static final int BRACE = 50;
    private static final int BRACKET = 55;
    private static final int PAREN = 60;
    /** What binds less ends a projection. */
    private static final int PROJECTION_ENDS = 10;

    private static final int MOST_DEPTH = 100;
    private static final Node CURRENT = new Node.Current();

    private final JmesLexer lexer;
    private final List<Token> tokens;
    private int at;
    private int depth;

    JmesParser(String text) {
        this.lexer = new JmesLexer(text);
        this.tokens = lexer.tokens();
    }

    /** @throws IllegalArgumentException if it is no expression */
    Node read() {
        Node n = expression(0);
        if (peek().kind() != Kind.END) {
            throw unexpected();
        }
        return n;
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Kind peek(int ahead) {
        return tokens.get(Math.min(at + ahead, tokens.size() - 1)).kind();
    }

    private Token next() {
        return tokens.get(at++);
    }

    private boolean take(Kind k) {
        if (peek().kind() == k) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(Kind k) {
        if (!take(k)) {
            throw unexpected();
        }
    }

    private IllegalArgumentException unexpected() {
        return lexer.wrong(peek().at(), peek().kind() == Kind.END ? "ends too early" : "is not expected there");
    }

    private static int power(Kind k) {
        return switch (k) {
            case PIPE -> PIPE;
            case OR -> OR;
            case AND -> AND;
            case EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> COMPARE;
            case FLATTEN -> FLATTEN;
            case STAR -> STAR;
            case FILTER -> FILTER;
            case DOT -> DOT;
            case NOT -> NOT;
            case LEFT_BRACE -> BRACE;
            case LEFT_BRACKET -> BRACKET;
            case LEFT_PAREN -> PAREN;
            case NAME,
                    QUOTED,
                    LITERAL,
                    NUMBER,
                    CURRENT,
                    REFERENCE,
                    COMMA,
                    COLON,
                    RIGHT_BRACE,
                    RIGHT_BRACKET,
                    RIGHT_PAREN,
                    END -> 0;
        };
    }

    private Node expression(int power) {
        if (++depth > MOST_DEPTH) {
            throw lexer.wrong(peek().at(), "is nested too deep");
        }
        Node left = first();
        while (power < power(peek().kind())) {
            left = following(left);
        }
        depth--;
        return left;
    }

    /** What can begin an expression. */
    private Node first() {
        Token t = next();
        switch (t.kind()) {
            case LITERAL:
                return new Node.Literal(t.value());
            case NAME:
                return peek().kind() == Kind.LEFT_PAREN ? call(t) : new Node.Field(t.text());
            case QUOTED:
                return new Node.Field(t.text());
            case CURRENT:
                return CURRENT;
            case STAR:
                return new Node.Members(CURRENT, peek().kind() == Kind.RIGHT_BRACKET ? CURRENT : projected(STAR));
            case FILTER:
                return filter(CURRENT);
            case FLATTEN:
                return new Node.Elements(new Node.Flatten(CURRENT), null, projected(FLATTEN));
            case LEFT_BRACE:
                return object();
            case LEFT_PAREN:
                Node inside = expression(0);
                expect(Kind.RIGHT_PAREN);
                return inside;
            case NOT:
                return new Node.Not(expression(NOT));
            case REFERENCE:
                return new Node.Reference(expression(0));
            case LEFT_BRACKET:
                Node indexed = bracket(CURRENT);
                return indexed == null ? list() : indexed;
            default:
                at--;
                throw unexpected();
        }
    }

    /** What can go on an expression. */
    private Node following(Node left) {
        Token t = next();
        return switch (t.kind()) {
            case PIPE -> new Node.Chain(left, expression(PIPE));
            case OR -> new Node.Or(left, expression(OR));
            case AND -> new Node.And(left, expression(AND));
            case EQUAL -> new Node.Compare(Comparison.EQUAL, left, expression(COMPARE));
            case NOT_EQUAL -> new Node.Compare(Comparison.NOT_EQUAL, left, expression(COMPARE));
            case LESS -> new Node.Compare(Comparison.LESS, left, expression(COMPARE));
            case LESS_OR_EQUAL -> new Node.Compare(Comparison.LESS_OR_EQUAL, left, expression(COMPARE));
            case GREATER -> new Node.Compare(Comparison.GREATER, left, expression(COMPARE));
            case GREATER_OR_EQUAL -> new Node.Compare(Comparison.GREATER_OR_EQUAL, left, expression(COMPARE));
            case DOT -> take(Kind.STAR) ? new Node.Members(left, projected(DOT)) : new Node.Chain(left, member(DOT));
            case FILTER -> filter(left);
            case FLATTEN -> new Node.Elements(new Node.Flatten(left), null, projected(FLATTEN));
            case LEFT_BRACKET -> {
                Node indexed = bracket(left);
                if (indexed == null) {
                    throw unexpected();
                }
                yield indexed;
            }
            default -> {
                at--;
                throw unexpected();
            }
        };
    }

    /** What is applied to each element of a projection. */
    private Node projected(int power) {
        Kind k = peek().kind();
        if (power(k) < PROJECTION_ENDS) {
            return CURRENT;
        }
        if (k == Kind.LEFT_BRACKET || k == Kind.FILTER) {
            return expression(power);
        }
        expect(Kind.DOT);
        return member(power);
    }

    /** What follows a dot. */
    private Node member(int power) {
        switch (peek().kind()) {
            case NAME, QUOTED, STAR:
                return expression(power);
            case LEFT_BRACKET:
                at++;
                return list();
            case LEFT_BRACE:
                at++;
                return object();
            default:
                throw unexpected();
        }
    }

    private Node filter(Node left) {
        Node condition = expression(0);
        expect(Kind.RIGHT_BRACKET);
        return new Node.Elements(left, condition, peek().kind() == Kind.FLATTEN ? CURRENT : projected(FILTER));
    }

    /** An index, a slice or all elements, behind the bracket; null if it is none of them. */
    private @Nullable Node bracket(Node left) {
        Kind k = peek().kind();
        if (k == Kind.STAR && peek(1) == Kind.RIGHT_BRACKET) {
            at += 2;
            return new Node.Elements(left, null, projected(STAR));
        }
        if (k != Kind.NUMBER && k != Kind.COLON) {
            return null;
        }
        if (k == Kind.NUMBER && peek(1) != Kind.COLON) {
            int index = next().number();
            expect(Kind.RIGHT_BRACKET);
            return new Node.Chain(left, new Node.Index(index));
        }
        @Nullable Integer[] parts = new @Nullable Integer[3];
        int n = 0;
        while (!take(Kind.RIGHT_BRACKET)) {
            if (take(Kind.COLON)) {
                if (++n == parts.length) {
                    at--;
                    throw unexpected();
                }
            } else if (peek().kind() == Kind.NUMBER && parts[n] == null) {
                parts[n] = next().number();
            } else {
                throw unexpected();
            }
        }
        Integer step = parts[2];
        if (step != null && step == 0) {
            throw lexer.wrong(peek().at(), "goes on behind a slice whose step is 0");
        }
        Node slice = new Node.Slice(parts[0], parts[1], step == null ? 1 : step);
        return new Node.Elements(new Node.Chain(left, slice), null, projected(STAR));
    }

    /** {@code [a, b]} behind its bracket. */
    private Node list() {
        List<Node> nodes = new ArrayList<>();
        do {
            nodes.add(expression(0));
        } while (take(Kind.COMMA));
        expect(Kind.RIGHT_BRACKET);
        return new Node.ListOf(List.copyOf(nodes));
    }

    /** <code>{a: b}</code> behind its brace. */
    private Node object() {
        Map<String, Node> nodes = new LinkedHashMap<>();
        do {
            Token name = next();
            if (name.kind() != Kind.NAME && name.kind() != Kind.QUOTED) {
                at--;
                throw unexpected();
            }
            expect(Kind.COLON);
            nodes.put(name.text(), expression(0));
        } while (take(Kind.COMMA));
        expect(Kind.RIGHT_BRACE);
        return new Node.ObjectOf(nodes);
    }

    private Node call(Token name) {
        JmesFunction f = JmesFunction.of(name.text());
        if (f == null) {
            throw lexer.wrong(name.at(), "is no function");
        }
        expect(Kind.LEFT_PAREN);
        List<Node> arguments = new ArrayList<>();
        if (!take(Kind.RIGHT_PAREN)) {
            do {
                arguments.add(expression(0));
            } while (take(Kind.COMMA));
            expect(Kind.RIGHT_PAREN);
        }
        String wrong = f.wrong(arguments.size());
        if (wrong != null) {
            throw lexer.wrong(name.at(), "takes " + wrong);
        }
        return new Node.Call(f, List.copyOf(arguments));
    }
}
