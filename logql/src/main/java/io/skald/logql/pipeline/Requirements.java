/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Matcher;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.Requirement;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What an entry must have to get through stages, found without running them. Says only what is certain: text from line filters before the
 * first stage that changes the line, and values of metadata from label filters before the first stage that may set a label.
 */
final class Requirements {
    /** Regular expressions that are nothing but values between bars. */
    private static final Pattern VALUES = Pattern.compile("[A-Za-z0-9_:/-]+(\\|[A-Za-z0-9_:/-]+)*");

    private Requirements() {}

    static List<Requirement> of(List<Stage> stages) {
        if (!stages.isEmpty() && stages.getLast() instanceof Stage.Context) {
            // the lines around need not have what the filters ask for
            return List.of();
        }
        List<Requirement> out = new ArrayList<>();
        boolean line = true;
        boolean labels = true;
        for (Stage s : stages) {
            if (s instanceof Stage.Distinct) {
                // what it keeps depends on all that comes before it
                break;
            }
            if (s instanceof Stage.LineFilter f && line) {
                out.addAll(ofLine(f));
            } else if (s instanceof Stage.LabelFilterStage f && labels) {
                out.addAll(ofLabels(f.filter()));
            }
            line &= !StageCompiler.changesLine(s);
            labels &= !setsLabels(s);
        }
        return List.copyOf(out);
    }

    private static boolean setsLabels(Stage stage) {
        return switch (stage) {
            case Stage.JsonParser p -> true;
            case Stage.LogfmtParser p -> true;
            case Stage.RegexpParser p -> true;
            case Stage.PatternParser p -> true;
            case Stage.UnpackParser p -> true;
            case Stage.LabelFormat f -> true;
            case Stage.LineFormat f -> false;
            case Stage.LineFilter f -> false;
            case Stage.LabelFilterStage f -> false;
            // what they take away fulfils no condition that is used here
            case Stage.DropLabels d -> false;
            case Stage.KeepLabels k -> false;
            case Stage.Decolorize d -> false;
            case Stage.Distinct d -> false;
            case Stage.Context c -> false;
        };
    }

    private static List<Requirement> ofLine(Stage.LineFilter filter) {
        if (filter.op().negative()) {
            return List.of();
        }
        List<List<Requirement>> arms = new ArrayList<>();
        for (Stage.LineFilter.Term term : filter.alternatives()) {
            arms.add(term.ip() ? List.of() : ofTerm(filter.op(), term.text()));
        }
        return anyOf(arms);
    }

    private static List<Requirement> ofTerm(Stage.LineOp op, String text) {
        return switch (op) {
            case CONTAINS -> ofTexts(List.of(RegexpLiterals.utf8(text)));
            case MATCHES -> RegexpLiterals.of(text).requirements();
            case PATTERN -> ofTexts(LinePattern.forFilter(text).literals());
            case NOT_CONTAINS, NOT_MATCHES, NOT_PATTERN -> List.of();
        };
    }

    private static List<Requirement> ofTexts(List<byte[]> texts) {
        return texts.stream().filter(t -> t.length > 0).map(Requirement::text).toList();
    }

    /**
     * What is required when one of several lists of requirements is: of each list the one that says most, together.
     *
     * @return empty if one of the lists is
     */
    static List<Requirement> anyOf(List<List<Requirement>> arms) {
        if (arms.size() == 1) {
            return arms.getFirst();
        }
        List<Requirement.Term> terms = new ArrayList<>();
        for (List<Requirement> arm : arms) {
            Requirement best = null;
            for (Requirement r : arm) {
                if (best == null || weight(r) > weight(best)) {
                    best = r;
                }
            }
            if (best == null) {
                return List.of();
            }
            terms.addAll(best.anyOf());
        }
        return List.of(new Requirement(terms));
    }

    /** The length of the shortest text: what is short rules little out. */
    private static int weight(Requirement r) {
        int least = Integer.MAX_VALUE;
        for (Requirement.Term t : r.anyOf()) {
            least = Math.min(
                    least,
                    switch (t) {
                        case Requirement.Text text -> text.bytes().length;
                        case Requirement.Metadata m -> Integer.MAX_VALUE;
                    });
        }
        return least;
    }

    private static List<Requirement> ofLabels(LabelFilter filter) {
        return switch (filter) {
            case LabelFilter.StringFilter f -> ofMatcher(f.matcher());
            case LabelFilter.And f -> {
                List<Requirement> both = new ArrayList<>(ofLabels(f.left()));
                both.addAll(ofLabels(f.right()));
                yield both;
            }
            case LabelFilter.Or f -> anyOf(List.of(ofLabels(f.left()), ofLabels(f.right())));
            // numbers have many spellings, and a value that cannot be read gets through with an error
            case LabelFilter.NumberFilter f -> List.of();
            case LabelFilter.DurationFilter f -> List.of();
            case LabelFilter.BytesFilter f -> List.of();
            case LabelFilter.IpFilter f -> List.of();
        };
    }

    private static List<Requirement> ofMatcher(Matcher m) {
        String name = m.name();
        // the level is no part of an entry's identity: two copies of one entry may differ in it, and the one that
        // counts may lie elsewhere.
        // A name that was made here, as __error__ or of metadata that has the name of a stream label, is not the one
        // that is stored.
        if (name.equals(EntryIdentity.DETECTED_LEVEL) || name.startsWith("__") || name.endsWith(LineState.EXTRACTED)) {
            return List.of();
        }
        return switch (m.op()) {
            case EQUAL ->
                m.value().isEmpty() ? List.of() : List.of(Requirement.of(new Requirement.Metadata(name, m.value())));
            case REGEX -> {
                if (!VALUES.matcher(m.value()).matches()) {
                    yield List.of();
                }
                List<Requirement.Term> terms = new ArrayList<>();
                for (String value : m.value().split("\\|")) {
                    terms.add(new Requirement.Metadata(name, value));
                }
                yield List.of(new Requirement(terms));
            }
            case NOT_EQUAL, NOT_REGEX -> List.of();
        };
    }
}
