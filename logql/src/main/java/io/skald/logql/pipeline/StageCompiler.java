/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import com.google.re2j.Pattern;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Stage;
import io.skald.logql.parser.Printer;
import io.skald.logql.parser.SyntaxException;
import io.skald.logql.regexp.ByteRegexp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compiles the stages of a pipeline, once per query. */
final class StageCompiler {
    private final Needed needed;
    private final @Nullable StageProfile profile;

    /** @param profile where stages say what they did, or null */
    StageCompiler(Needed needed, @Nullable StageProfile profile) {
        this.needed = needed;
        this.profile = profile;
    }

    List<StepFactory> compile(List<Stage> stages) {
        List<StepFactory> out = new ArrayList<>();
        List<Stage> ordered = lineFiltersFirst(stages);
        for (int i = 0; i < ordered.size(); i++) {
            Stage stage = ordered.get(i);
            try {
                StepFactory step = compile(stage, EarlyFilters.of(ordered.subList(i + 1, ordered.size())));
                out.add(profile == null ? step : profile.watch(print(stage), step));
            } catch (PipelineException e) {
                throw syntaxError(stage, e);
            }
        }
        return List.copyOf(out);
    }

    private static String print(Stage stage) {
        String printed = Printer.print(new LogExpr(List.of(), List.of(stage), stage.position()));
        return printed.substring(printed.indexOf('}') + 1).strip();
    }

    private static SyntaxException syntaxError(Stage stage, PipelineException e) {
        String where = "";
        if (!(stage instanceof Stage.RegexpParser) && !(stage instanceof Stage.PatternParser)) {
            where = "stage '" + print(stage) + "' : ";
        }
        SyntaxException s = new SyntaxException("parse error : " + where + e.getMessage(), stage.position());
        s.initCause(e);
        return s;
    }

    /** Line filters move before stages that leave the line alone: they are cheaper, and the result is the same. */
    static List<Stage> lineFiltersFirst(List<Stage> stages) {
        List<Stage> out = new ArrayList<>(stages.size());
        int insert = 0;
        for (Stage s : stages) {
            if (s instanceof Stage.LineFilter) {
                out.add(insert++, s);
            } else {
                out.add(s);
                if (changesLine(s)) {
                    insert = out.size();
                }
            }
        }
        return out;
    }

    /** Whether a line filter must stay behind this stage. */
    static boolean changesLine(Stage stage) {
        return switch (stage) {
            case Stage.UnpackParser u -> true;
            case Stage.LineFormat f -> true;
            // clients know it so: a filter after decolorize sees the colours
            case Stage.Decolorize d -> false;
            case Stage.LineFilter f -> false;
            case Stage.JsonParser p -> false;
            case Stage.LogfmtParser p -> false;
            case Stage.RegexpParser p -> false;
            case Stage.PatternParser p -> false;
            case Stage.LabelFilterStage f -> false;
            case Stage.LabelFormat f -> false;
            case Stage.DropLabels d -> false;
            case Stage.KeepLabels k -> false;
            case Stage.Distinct d -> false;
            case Stage.Context c -> false;
        };
    }

    private StepFactory compile(Stage stage, Map<String, LabelFilter> early) {
        return switch (stage) {
            case Stage.LineFilter f -> LineFilters.compile(f);
            case Stage.JsonParser p -> json(p, early);
            case Stage.LogfmtParser p -> logfmt(p, early);
            case Stage.RegexpParser p -> regexp(p, early);
            case Stage.PatternParser p -> pattern(p, early);
            case Stage.UnpackParser p -> labels -> new UnpackStep(needed, EarlyFilters.bind(early));
            case Stage.LabelFilterStage f -> {
                LabelFilters.step(f.filter()); // what is wrong with it shows now
                yield labels -> LabelFilters.step(f.filter());
            }
            case Stage.LineFormat f -> FormatSteps.line(f);
            case Stage.LabelFormat f -> FormatSteps.labels(f);
            case Stage.DropLabels d -> StepFactory.shared(DropKeepSteps.drop(d.labels()));
            case Stage.KeepLabels k -> StepFactory.shared(DropKeepSteps.keep(k.labels()));
            case Stage.Decolorize d -> StepFactory.shared(new DecolorizeStep());
            // these look at lines together: done by who collects them
            case Stage.Distinct d -> StepFactory.shared(state -> true);
            case Stage.Context c -> StepFactory.shared(state -> true);
        };
    }

    private StepFactory json(Stage.JsonParser p, Map<String, LabelFilter> early) {
        if (p.extractions().isEmpty()) {
            return labels -> new JsonStep(needed, EarlyFilters.bind(early));
        }
        List<String> names =
                p.extractions().stream().map(Stage.Extraction::label).toList();
        List<JsonPath> paths = p.extractions().stream()
                .map(e -> JsonPath.parse(e.expression()))
                .toList();
        return labels -> new JsonExtractStep(names, paths);
    }

    private StepFactory logfmt(Stage.LogfmtParser p, Map<String, LabelFilter> early) {
        if (p.extractions().isEmpty()) {
            return labels -> new LogfmtStep(needed, labels, p.strict(), p.keepEmpty(), EarlyFilters.bind(early));
        }
        List<String> names =
                p.extractions().stream().map(Stage.Extraction::label).toList();
        List<byte[]> keys = p.extractions().stream()
                .map(e -> LogfmtExtractStep.key(e.expression()))
                .toList();
        return labels -> new LogfmtExtractStep(names, keys, p.strict(), p.keepEmpty());
    }

    private StepFactory regexp(Stage.RegexpParser p, Map<String, LabelFilter> early) {
        try {
            Pattern pattern = RegexpMatcher.compile(p.regexp());
            List<RegexpStep.Group> groups = RegexpStep.groups(pattern);
            Needle prefilter = RegexpMatcher.prefilter(RegexpLiterals.of(p.regexp()));
            ByteRegexp automaton = ByteRegexp.of(p.regexp());
            return labels -> new RegexpStep(
                    needed, new RegexpMatcher(pattern, prefilter, automaton), groups, EarlyFilters.bind(early));
        } catch (PipelineException e) {
            throw new PipelineException("invalid regexp parser: " + e.getMessage(), e);
        }
    }

    private StepFactory pattern(Stage.PatternParser p, Map<String, LabelFilter> early) {
        try {
            LinePattern pattern = LinePattern.forParser(p.pattern());
            return labels -> new PatternStep(needed, pattern, EarlyFilters.bind(early));
        } catch (PipelineException e) {
            throw new PipelineException("invalid pattern parser: " + e.getMessage(), e);
        }
    }

    /** The labels that stages read; false if that cannot be said. */
    static boolean addReadNames(List<? extends Stage> stages, Set<String> names) {
        for (Stage s : stages) {
            switch (s) {
                case Stage.LabelFilterStage f -> LabelFilters.addNames(f.filter(), names);
                case Stage.LineFormat f -> {
                    if (!FormatSteps.addNames(f, names)) {
                        return false;
                    }
                }
                case Stage.LabelFormat f -> {
                    if (!FormatSteps.addNames(f, names)) {
                        return false;
                    }
                }
                case Stage.LineFilter f -> {}
                case Stage.JsonParser p -> {}
                case Stage.LogfmtParser p -> {}
                case Stage.RegexpParser p -> {}
                case Stage.PatternParser p -> {}
                case Stage.UnpackParser p -> {}
                case Stage.DropLabels d -> {}
                case Stage.KeepLabels k -> {}
                case Stage.Decolorize d -> {}
                case Stage.Distinct d -> names.addAll(d.labels());
                case Stage.Context c -> {}
            }
        }
        return true;
    }

    /** Whether a stage looks at the line. */
    static boolean readsLine(Stage stage, Needed needed) {
        return switch (stage) {
            case Stage.Distinct d -> false;
            case Stage.Context c -> false;
            case Stage.LabelFilterStage f -> false;
            case Stage.DropLabels d -> false;
            case Stage.KeepLabels k -> false;
            case Stage.JsonParser p -> !needed.none() || !p.extractions().isEmpty();
            case Stage.LogfmtParser p -> !needed.none() || !p.extractions().isEmpty();
            case Stage.RegexpParser p -> !needed.none();
            case Stage.PatternParser p -> !needed.none();
            case Stage.UnpackParser p -> true;
            case Stage.LineFilter f -> true;
            case Stage.LineFormat f -> true;
            case Stage.LabelFormat f -> true;
            case Stage.Decolorize d -> true;
        };
    }

    /** Whether a stage looks at labels. */
    static boolean readsLabels(Stage stage) {
        return switch (stage) {
            case Stage.LineFilter f -> false;
            case Stage.Decolorize d -> false;
            case Stage.Context c -> false;
            case Stage.Distinct d -> true;
            case Stage.LabelFilterStage f -> true;
            case Stage.DropLabels d -> true;
            case Stage.KeepLabels k -> true;
            // a parser's names depend on the names of the metadata
            case Stage.JsonParser p -> true;
            case Stage.LogfmtParser p -> true;
            case Stage.RegexpParser p -> true;
            case Stage.PatternParser p -> true;
            case Stage.UnpackParser p -> true;
            case Stage.LineFormat f -> true;
            case Stage.LabelFormat f -> true;
        };
    }
}
