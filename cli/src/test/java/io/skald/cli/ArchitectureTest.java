/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dependencies point one way: cli → {agent, ingester, querier} → {storage, logql} → core. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.skald");

    @BeforeAll
    static void seesEveryModule() {
        for (String module : new String[] {"core", "logql", "storage", "agent", "ingester", "querier", "cli"}) {
            assertThat(CLASSES.stream().anyMatch(c -> c.getPackageName().startsWith("io.skald." + module)))
                    .as("classes of %s are on the class path", module)
                    .isTrue();
        }
    }

    @ParameterizedTest(name = "{0} does not see {1}")
    @CsvSource({
        "core, logql storage agent ingester querier cli",
        "logql, storage agent ingester querier cli",
        "storage, agent ingester querier cli",
        "agent, storage ingester querier cli",
        "ingester, agent querier cli",
        "querier, agent ingester cli",
    })
    void modules(String module, String unseen) {
        for (String other : unseen.split(" ")) {
            check("io.skald." + module + "..", "io.skald." + other + "..");
        }
    }

    @ParameterizedTest(name = "{0} does not see {1}")
    @CsvSource({
        "io.skald.core.., org.rocksdb..",
        "io.skald.core.., software.amazon..",
        "io.skald.core.model.., java.net.http..",
        "io.skald.logql.., org.rocksdb..",
        "io.skald.logql.., software.amazon..",
        "io.skald.logql.., io.netty..",
        "io.skald.logql.., io.skald.core.http..",
        "io.skald.logql.., java.net.http..",
        "io.skald.agent.., org.rocksdb..",
        "io.skald.ingester.., org.rocksdb..",
        "io.skald.querier.., org.rocksdb..",
        "io.skald.cli.., org.rocksdb..",
        "io.skald.storage.., io.netty..",
        "io.skald.storage.., io.skald.core.http..",
    })
    void libraries(String packages, String unseen) {
        check(packages, unseen);
    }

    private static void check(String packages, String unseen) {
        noClasses()
                .that()
                .resideInAPackage(packages)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(unseen)
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void onlyTheProgramWritesToStandardOutput() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.skald.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
    }
}
