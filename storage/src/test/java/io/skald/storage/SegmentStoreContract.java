/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every segment store must do; a test of a backend extends it. */
public abstract class SegmentStoreContract {
    private SegmentStore store;

    /** An empty store. */
    protected abstract SegmentStore open() throws Exception;

    @BeforeEach
    final void openStore() throws Exception {
        store = open();
    }

    @AfterEach
    final void closeStore() throws StoreException {
        store.close();
    }

    private void put(String key, String content) throws StoreException {
        byte[] b = content.getBytes(StandardCharsets.UTF_8);
        try (SegmentStore.Output out = store.create(key)) {
            out.write(b, 0, 1);
            out.write(b, 1, b.length - 1);
            assertThat(out.position()).isEqualTo(b.length);
            out.commit();
        }
    }

    @Test
    void anObjectIsThereWholeOrNotAtAll() throws StoreException {
        try (SegmentStore.Output out = store.create("t/d/1.seg")) {
            out.write(new byte[] {1, 2, 3}, 0, 3);
            assertThat(store.list("t/")).isEmpty();
        }
        assertThat(store.list("")).isEmpty();
        assertThatThrownBy(() -> store.size("t/d/1.seg")).isInstanceOf(StoreException.NotFound.class);
        put("t/d/1.seg", "hello world");
        assertThat(store.size("t/d/1.seg")).isEqualTo(11);
        assertThat(store.read("t/d/1.seg", 6, 5)).isEqualTo("world".getBytes(StandardCharsets.UTF_8));
        assertThat(store.read("t/d/1.seg", 11, 0)).isEmpty();
        byte[] room = {7, 7, 7, 7, 7, 7};
        store.read("t/d/1.seg", 6, 5, room);
        assertThat(room).isEqualTo(new byte[] {'w', 'o', 'r', 'l', 'd', 7});
    }

    @Test
    void keysAreNeverReused() throws StoreException {
        put("t/d/1.seg", "first");
        assertThatThrownBy(() -> put("t/d/1.seg", "second"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("exists already");
        try (SegmentStore.Output a = store.create("t/d/2.seg");
                SegmentStore.Output b = store.create("t/d/2.seg")) {
            a.write(new byte[] {1}, 0, 1);
            b.write(new byte[] {2}, 0, 1);
            b.commit();
            assertThatThrownBy(a::commit).isInstanceOf(StoreException.class);
        }
        assertThat(store.read("t/d/1.seg", 0, 5)).isEqualTo("first".getBytes(StandardCharsets.UTF_8));
        assertThat(store.read("t/d/2.seg", 0, 1)).containsExactly(2);
    }

    @Test
    void aRangeBeyondTheEndIsCorrupt() throws StoreException {
        put("t/d/1.seg", "hello");
        assertThatThrownBy(() -> store.read("t/d/1.seg", 3, 3)).isInstanceOf(StoreException.CorruptData.class);
        assertThatThrownBy(() -> store.read("t/d/none.seg", 0, 1)).isInstanceOf(StoreException.NotFound.class);
        byte[] room = new byte[3];
        assertThatThrownBy(() -> store.read("t/d/1.seg", 3, 3, room)).isInstanceOf(StoreException.CorruptData.class);
        assertThatThrownBy(() -> store.read("t/d/none.seg", 0, 1, room)).isInstanceOf(StoreException.NotFound.class);
    }

    @Test
    void listsByPrefixAndDeletes() throws StoreException {
        put("b/d/1.seg", "xx");
        put("a/d2/1.seg", "xx");
        put("a/d1/1.seg", "xx");
        assertThat(store.list("")).containsExactly("a/d1/1.seg", "a/d2/1.seg", "b/d/1.seg");
        assertThat(store.list("a/d")).containsExactly("a/d1/1.seg", "a/d2/1.seg");
        store.delete("a/d1/1.seg");
        store.delete("a/d1/1.seg");
        assertThat(store.list("a/")).containsExactly("a/d2/1.seg");
        assertThat(store.list("c/")).isEmpty();
    }
}
