/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Links within the repository lead somewhere, and what must be named on a page is. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)\\s]+)\\)");

    @Test
    void everyLinkAndAnchorExists() throws Exception {
        List<String> dead = new ArrayList<>();
        int links = 0;
        for (Path page : Pages.all()) {
            for (String line : Pages.prose(page)) {
                Matcher m = LINK.matcher(line.replaceAll("`[^`]*`", ""));
                while (m.find()) {
                    String link = m.group(1);
                    if (!link.matches("(https?|mailto):.*")) {
                        links++;
                        if (!leadsSomewhere(page, link)) {
                            dead.add(Pages.ROOT.relativize(page) + ": " + link);
                        }
                    }
                }
            }
        }
        assertThat(dead).isEmpty();
        assertThat(links).isGreaterThan(50);
    }

    private static boolean leadsSomewhere(Path page, String link) throws Exception {
        int hash = link.indexOf('#');
        String file = hash < 0 ? link : link.substring(0, hash);
        Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        if (!Files.exists(target)) {
            return false;
        }
        return hash < 0 || Pages.anchors(target).contains(link.substring(hash + 1));
    }

    @Test
    void everyPageCanBeReachedFromTheReadme() throws Exception {
        List<Path> reached = new ArrayList<>(List.of(Pages.ROOT.resolve("README.md")));
        for (int i = 0; i < reached.size(); i++) {
            for (String line : Pages.prose(reached.get(i))) {
                Matcher m = LINK.matcher(line);
                while (m.find()) {
                    Path target = reached.get(i)
                            .resolveSibling(m.group(1).replaceFirst("#.*", ""))
                            .normalize();
                    if (Files.isDirectory(target)) {
                        try (Stream<Path> files = Files.list(target)) {
                            files.filter(f -> f.toString().endsWith(".md") && !reached.contains(f))
                                    .sorted()
                                    .forEach(reached::add);
                        }
                    } else if (target.toString().endsWith(".md") && Files.exists(target) && !reached.contains(target)) {
                        reached.add(target);
                    }
                }
            }
        }
        assertThat(reached).containsAll(Pages.all());
    }

    @Test
    void everyAlertThatIsShippedHasARunbook() throws Exception {
        List<String> headings = Files.readAllLines(Pages.ROOT.resolve("docs/runbook.md"));
        int alerts = 0;
        try (Stream<Path> files = Files.list(Pages.ROOT.resolve("charts/skald/rules"))) {
            for (Path file : files.toList()) {
                Matcher m = Pattern.compile("(?m)^\\s*- alert: (\\S+)").matcher(Files.readString(file));
                while (m.find()) {
                    alerts++;
                    assertThat(headings).contains("## " + m.group(1));
                }
            }
        }
        assertThat(alerts).isPositive();
    }
}
