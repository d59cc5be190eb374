/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.prometheus.client.Counter;
import io.skald.core.model.Regexp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code redact}: takes secrets out of the line before it leaves the node. */
final class RedactStage extends Stage.Simple {
    /** A secret's form, and what is put in its place. */
    private record Rule(String name, Pattern pattern, int group, String replacement, Counter.Child count) {}

    private final List<Rule> rules = new ArrayList<>();
    private final boolean cards;
    private final String replacement;
    private final Counter.Child cardCount;

    /**
     * @param cards whether numbers of payment cards go: 13 to 19 digits, blanks and dashes between them, with a right check digit
     * @param tokens whether what follows {@code Bearer} or {@code Basic}, JSON web tokens and keys of AWS go
     * @param emails whether e-mail addresses go
     * @param custom expressions by name; of one with groups the first goes
     * @param replacement put in their places; {@code $rule} in it is the rule's name
     */
    RedactStage(
            boolean cards,
            boolean tokens,
            boolean emails,
            Map<String, Pattern> custom,
            String replacement,
            Counter counter) {
        this.cards = cards;
        this.replacement = replacement.replace("$rule", "card");
        this.cardCount = counter.labels("card");
        if (tokens) {
            add("token", "(?i)\\b(?:bearer|basic)\\s+([A-Za-z0-9._~+/=-]{8,})", replacement, counter);
            add("token", "\\beyJ[A-Za-z0-9_-]{6,}\\.[A-Za-z0-9_-]{6,}\\.[A-Za-z0-9_-]*", replacement, counter);
            add("token", "\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b", replacement, counter);
        }
        if (emails) {
            add("email", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}", replacement, counter);
        }
        custom.forEach((name, p) -> rules.add(new Rule(
                name, p, p.groupCount() > 0 ? 1 : 0, replacement.replace("$rule", name), counter.labels(name))));
    }

    private void add(String name, String expression, String by, Counter counter) {
        Pattern p = Regexp.compile(expression);
        rules.add(new Rule(name, p, p.groupCount() > 0 ? 1 : 0, by.replace("$rule", name), counter.labels(name)));
    }

    @Override
    boolean apply(LogEntry e) {
        String line = e.text();
        String out = cards ? withoutCards(line) : line;
        for (Rule r : rules) {
            out = without(out, r);
        }
        if (!out.equals(line)) {
            e.setText(out);
        }
        return true;
    }

    private static String without(String line, Rule r) {
        Matcher m = r.pattern.matcher(line);
        StringBuilder out = null;
        int at = 0;
        int from = 0;
        while (from <= line.length() && m.find(from)) {
            from = m.end() > m.start() ? m.end() : m.end() + 1;
            if (m.start(r.group) >= at && m.end(r.group) > m.start(r.group)) {
                out = out == null ? new StringBuilder() : out;
                out.append(line, at, m.start(r.group)).append(r.replacement);
                at = m.end(r.group);
                r.count.inc();
            }
        }
        return out == null ? line : out.append(line, at, line.length()).toString();
    }

    private String withoutCards(String line) {
        StringBuilder out = null;
        int at = 0;
        int i = 0;
        while (i < line.length()) {
            if (!digit(line, i) || i > 0 && (digit(line, i - 1) || Character.isLetter(line.charAt(i - 1)))) {
                i++;
                continue;
            }
            int end = cardEnd(line, i);
            if (end > 0) {
                out = out == null ? new StringBuilder() : out;
                out.append(line, at, i).append(replacement);
                at = end;
                i = end;
                cardCount.inc();
            } else {
                i++;
            }
        }
        return out == null ? line : out.append(line, at, line.length()).toString();
    }

    /** Where a card's number that begins at a place ends, or -1. */
    private static int cardEnd(String line, int from) {
        int digits = 0;
        int i = from;
        int end = from;
        StringBuilder number = new StringBuilder(19);
        while (i < line.length() && digits <= 19) {
            if (digit(line, i)) {
                digits++;
                number.append(line.charAt(i));
                end = ++i;
            } else if ((line.charAt(i) == ' ' || line.charAt(i) == '-')
                    && i + 1 < line.length()
                    && digit(line, i + 1)) {
                i++;
            } else {
                break;
            }
        }
        boolean ends = i >= line.length() || !Character.isLetter(line.charAt(i));
        return digits >= 13 && digits <= 19 && ends && luhn(number) ? end : -1;
    }

    private static boolean luhn(StringBuilder number) {
        int sum = 0;
        boolean twice = false;
        for (int i = number.length() - 1; i >= 0; i--) {
            int d = number.charAt(i) - '0';
            if (twice) {
                d = d * 2 > 9 ? d * 2 - 9 : d * 2;
            }
            sum += d;
            twice = !twice;
        }
        return sum % 10 == 0;
    }

    private static boolean digit(String s, int i) {
        return s.charAt(i) >= '0' && s.charAt(i) <= '9';
    }
}
