/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Regexp;
import io.skald.logql.ast.Stage;
import io.skald.logql.pipeline.PipelineException;
import io.skald.logql.pipeline.Pipelines;
import java.util.List;

/** Checks the strings in stages (regular expressions, patterns, templates, paths, address ranges) by compiling the stage. */
final class StageCheck {
    private StageCheck() {}

    static void check(Stage stage) {
        try {
            checkSize(stage);
            Pipelines.compile(List.of(stage));
        } catch (PatternSyntaxException e) {
            throw refused(stage, Regexp.message(e));
        } catch (PipelineException e) {
            throw refused(stage, e.getMessage());
        }
    }

    /** The pipeline compiles whatever regular expression it gets; here those of unreasonable size are refused. */
    private static void checkSize(Stage stage) {
        if (stage instanceof Stage.RegexpParser regexp) {
            checkRegexp(regexp);
        } else if (stage instanceof Stage.LineFilter filter
                && (filter.op() == Stage.LineOp.MATCHES || filter.op() == Stage.LineOp.NOT_MATCHES)) {
            for (Stage.LineFilter.Term term : filter.alternatives()) {
                Regexps.compile(term.text());
            }
        }
    }

    private static void checkRegexp(Stage.RegexpParser regexp) {
        try {
            Regexps.compile(regexp.regexp());
        } catch (PatternSyntaxException e) {
            throw SyntaxErrors.meaning(regexp.position(), "invalid regexp parser: " + Regexp.message(e));
        }
    }

    private static SyntaxException refused(Stage stage, String reason) {
        boolean named = stage instanceof Stage.RegexpParser || stage instanceof Stage.PatternParser;
        String message = named ? reason : "stage '" + Printer.print(stage) + "' : " + reason;
        return SyntaxErrors.meaning(stage.position(), message);
    }
}
