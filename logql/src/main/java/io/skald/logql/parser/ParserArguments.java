/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.PatternSyntaxException;
import io.skald.logql.ast.Position;

/** Checks the strings that say what a parser stage extracts. */
final class ParserArguments {
    private ParserArguments() {}

    static void checkRegexp(String regexp, Position position) {
        String problem;
        try {
            boolean named = !Regexps.compile(regexp).namedGroups().isEmpty();
            problem = named ? "" : "at least one named capture must be supplied";
        } catch (PatternSyntaxException e) {
            problem = Regexps.message(e);
        }
        if (!problem.isEmpty()) {
            throw SyntaxErrors.meaning(position, "invalid regexp parser: " + problem);
        }
    }
}
