/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.config.Limits;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.storage.memory.MemoryIndexStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuleStoreTest {
    private static final TenantId A = new TenantId("a");

    @TempDir
    private Path dir;

    private static RuleGroup group(String name, String expr) {
        return RuleYaml.parseGroup("test", "name: " + name + "\nrules: [{alert: A, expr: '" + expr + "'}]");
    }

    @Test
    void recordsAreFoundByName() throws Exception {
        MemoryIndexStore store = new MemoryIndexStore();
        NamedRecords r = new NamedRecords(store, "p");
        // another name lies where this one belongs
        byte[] other = "\0\1xother".getBytes(StandardCharsets.ISO_8859_1);
        store.compareAndPut("p", NamedRecords.hash("n"), null, other);
        assertThat(r.get("n")).isNull();
        assertThat(r.compareAndPut("n", new byte[] {9}, new byte[] {1})).isFalse();
        assertThat(r.compareAndPut("n", null, new byte[] {1})).isTrue();
        assertThat(r.compareAndPut("n", null, new byte[] {2})).isFalse();
        assertThat(r.all()).containsOnlyKeys("n", "x");
        assertThat(r.put("n", null)).isTrue();
        assertThat(r.put("n", null)).isFalse();
        assertThat(r.all()).containsOnlyKeys("x");
        assertThat(r.compareAndPut("n", null, new byte[] {3})).isTrue();
        assertThat(r.get("n")).containsExactly(3);
    }

    @Test
    void keepsGroupsByTenant() throws Exception {
        MemoryIndexStore index = new MemoryIndexStore();
        RuleStore store = new RuleStore(index);
        store.put(A, "ns", group("g2", "1"));
        store.put(A, "ns", group("g1", "1"));
        store.put(A, "ns", group("g1", "2"));
        store.put(TenantId.DEFAULT, "ns", group("g", "1"));
        assertThat(store.tenants()).containsExactly(A, TenantId.DEFAULT);
        assertThat(new RuleStore(index).groups(A))
                .extracting(LoadedGroup::group)
                .containsExactly(group("g1", "2"), group("g2", "1"));
        assertThat(store.delete(A, "ns", "g1")).isTrue();
        assertThat(store.delete(A, "ns", "g1")).isFalse();
        assertThat(store.groups(A)).hasSize(1);
    }

    @Test
    void filesAreWatchedAndWin() throws Exception {
        Path file = Files.writeString(dir.resolve("shop.yaml"), "groups:\n- {name: g, rules: []}\n");
        Files.createDirectories(dir.resolve("a"));
        Files.writeString(dir.resolve("a/other.yml"), "namespace: named\ngroups:\n- {name: h, rules: []}\n");
        Files.createDirectories(dir.resolve("..data"));
        Files.writeString(dir.resolve("..data/shop.yaml"), "groups: x");
        Files.writeString(dir.resolve("README.md"), "x");
        RuleFiles files = new RuleFiles(dir);
        RuleStore store = new RuleStore(new MemoryIndexStore());
        store.put(TenantId.DEFAULT, "shop.yaml", group("g", "1"));
        store.put(TenantId.DEFAULT, "shop.yaml", group("mine", "1"));
        RuleCatalog catalog = new RuleCatalog(store, files, t -> Limits.DEFAULTS);
        catalog.reload();
        assertThat(catalog.groups().keySet())
                .extracting(GroupKey::toString)
                .containsExactly("a/named/h", "fake/shop.yaml/g", "fake/shop.yaml/mine");
        GroupKey g = new GroupKey(TenantId.DEFAULT, "shop.yaml", "g");
        assertThat(catalog.groups().get(g))
                .isNotNull()
                .extracting(LoadedGroup::file)
                .isEqualTo(file.toString());
        assertThatThrownBy(() -> catalog.put(TenantId.DEFAULT, "shop.yaml", group("g", "2")))
                .isInstanceOf(RequestException.class)
                .hasMessage("rule group 'g' in namespace 'shop.yaml' comes from the file " + file
                        + " and is changed there only");
        assertThatThrownBy(() -> catalog.delete(g)).hasMessageContaining("comes from the file");
        assertThatThrownBy(() -> catalog.deleteNamespace(TenantId.DEFAULT, "shop.yaml"))
                .hasMessageContaining("comes from the file");

        // a broken file leaves in force what it said
        Files.writeString(file, "groups:\n- {name: g, rulez: []}\n");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
        catalog.reload();
        assertThat(catalog.badFiles()).isEqualTo(1);
        assertThat(catalog.group(g)).isNotNull();
        Files.writeString(file, "groups:\n- {name: g, limit: 7, rules: []}\n");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
        catalog.reload();
        assertThat(catalog.badFiles()).isZero();
        LoadedGroup now = catalog.group(g);
        assertThat(now).isNotNull().extracting(l -> l.group().limit()).isEqualTo(7);
        Files.delete(file);
        catalog.reload();
        assertThat(catalog.group(g)).isNotNull().extracting(LoadedGroup::file).isNull();
    }

    @Test
    void limitsHold() throws Exception {
        io.skald.core.config.SkaldConfig config = io.skald.core.config.SkaldConfig.parse(
                "limits: {ruler_max_rules_per_rule_group: 1, ruler_max_rule_groups_per_tenant: 1}", "test");
        RuleCatalog catalog = new RuleCatalog(
                new RuleStore(new MemoryIndexStore()), new RuleFiles(Path.of("")), config.tenantLimits());
        catalog.put(A, "ns", group("g", "1"));
        catalog.put(A, "ns", group("g", "2"));
        assertThatThrownBy(() -> catalog.put(A, "ns", group("h", "1")))
                .hasMessage("per-user rule groups limit (limit: 1 actual: 2) exceeded");
        RuleGroup two = RuleYaml.parseGroup("t", "name: g\nrules: [{alert: A, expr: '1'}, {alert: B, expr: '1'}]");
        assertThatThrownBy(() -> catalog.put(A, "ns", two))
                .hasMessage("per-user rules per rule group limit (limit: 1 actual: 2) exceeded");
        assertThat(catalog.groups(A)).extracting(LoadedGroup::group).isEqualTo(List.of(group("g", "2")));
    }
}
