/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.http.WebSocket;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.querier.source.FakeIngester;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class TailTest {
    private static final Labels WEB = Labels.of("app", "web");
    private static final Pattern LINE = Pattern.compile("\\[\"(\\d+)\",\"([^\"]*)\"\\]");

    private final List<Client> clients = new ArrayList<>();
    private final ApiFixture api;

    TailTest() throws Exception {
        api = new ApiFixture("{limits: {max_concurrent_tail_requests: 1}}");
    }

    @AfterEach
    void close() throws Exception {
        for (Client c : clients) {
            c.open = false;
            c.reads.release(1_000_000);
            c.done.handle((v, e) -> null).join();
        }
        api.close();
    }

    /** A client that reads as it is told. */
    private static final class Client implements WebSocket {
        final List<String> lines = new ArrayList<>();
        final List<Long> nanos = new ArrayList<>();
        final Semaphore reads = new Semaphore(0);
        final CompletableFuture<Void> done = new CompletableFuture<>();
        volatile boolean open = true;
        private volatile boolean accepted;

        @Override
        public void accept() {
            accepted = true;
        }

        @Override
        public void send(String text) throws IOException {
            reads.acquireUninterruptibly();
            if (!open) {
                throw new IOException("client is gone");
            }
            Matcher m = LINE.matcher(text);
            synchronized (lines) {
                while (m.find()) {
                    lines.add(m.group(2));
                    nanos.add(System.nanoTime());
                }
                lines.notifyAll();
            }
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close(int status, String reason) {
            open = false;
        }

        List<String> await(int count) throws InterruptedException {
            long deadline = System.nanoTime() + 20_000_000_000L;
            synchronized (lines) {
                while (lines.size() < count && System.nanoTime() < deadline && !done.isDone()) {
                    lines.wait(50);
                }
                return List.copyOf(lines);
            }
        }
    }

    private Client tail(String params) {
        Client c = new Client();
        clients.add(c);
        Thread.ofVirtual().start(() -> {
            try {
                Objects.requireNonNull(api.sockets.get("/loki/api/v1/tail"))
                        .handle(ApiFixture.request("/loki/api/v1/tail?" + params, Map.of(), () -> false), c);
                c.done.complete(null);
            } catch (Exception e) {
                c.done.completeExceptionally(e);
            }
        });
        return c;
    }

    private void push(Labels labels, long nanos, String line) {
        api.ingester.append(new FakeIngester.Entry(labels, nanos, line, Labels.EMPTY));
    }

    private static void awaitAccepted(Client c) throws InterruptedException {
        while (!c.accepted && !c.done.isDone()) {
            Thread.onSpinWait();
        }
        // the tail has its place in the log before it accepts
    }

    @Test
    void historyComesFirstAndOnce() throws Exception {
        for (int i = 0; i < 5; i++) {
            push(WEB, ApiFixture.START + i, "old " + i);
        }
        Client c = tail("query={app=\"web\"}&limit=3&start=" + ApiFixture.START);
        c.reads.release(1_000_000);
        assertThat(c.await(3)).containsExactly("old 2", "old 3", "old 4");
        push(WEB, ApiFixture.NOW, "new");
        assertThat(c.await(4)).endsWith("new").hasSize(4);
    }

    @Test
    void noHistoryIsSentWithoutALimit() throws Exception {
        push(WEB, ApiFixture.START, "old");
        Client c = tail("query={app=\"web\"}&limit=0");
        c.reads.release(1_000_000);
        awaitAccepted(c);
        push(WEB, ApiFixture.NOW, "new");
        assertThat(c.await(1)).containsExactly("new");
    }

    /** Ten thousand lines wait in the log while a client does not read; then it gets them all, in order. */
    @Test
    void aSlowClientLagsAndCatchesUp() throws Exception {
        Client c = tail("query={app=\"web\"}&limit=0");
        awaitAccepted(c);
        List<String> all = IntStream.range(0, 10_000).mapToObj(i -> "line " + i).toList();
        for (int i = 0; i < all.size(); i++) {
            push(WEB, ApiFixture.NOW + i, all.get(i));
        }
        c.reads.release(1_000_000);
        assertThat(c.await(10_000)).isEqualTo(all);
    }

    /** The log lets go what the client has not got: it comes from segments, each line once, and the tail goes on. */
    @Test
    void aClientThatFellBehindTheLogCatchesUpFromSegments() throws Exception {
        Labels db = Labels.of("app", "db");
        Client c = tail("query={app=~\".%2B\"} != \"noise\"&limit=0");
        awaitAccepted(c);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 3500; i++) {
            // three lines at each time, two streams, some lines that nobody wants
            String line = (i % 7 == 0 ? "noise " : "line ") + i;
            push(i % 2 == 0 ? WEB : db, ApiFixture.NOW + i / 3, line);
            if (i % 7 != 0) {
                expected.add(line);
            }
        }
        c.reads.release(1);
        c.await(1);
        api.flush(TenantId.DEFAULT);
        api.ingester.forgetBelow(3500);
        c.reads.release(1_000_000);
        assertThat(c.await(expected.size())).containsExactlyInAnyOrderElementsOf(expected);
        push(WEB, ApiFixture.NOW + 5000, "after");
        expected.add("after");
        assertThat(c.await(expected.size())).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(c.done).isNotDone();
    }

    @Test
    void aCursorThatIsGoneEndsTheTail() throws Exception {
        push(WEB, ApiFixture.START, "old");
        api.flush(TenantId.DEFAULT);
        api.ingester.forgetBelow(1);
        Client c = tail("query={app=\"web\"}&cursor=" + TailCursor.encode(Map.of("a", 0L)));
        assertThatThrownBy(c.done::get).rootCause().hasMessageContaining("a holds from 1, asked for 0");
        assertThatThrownBy(c.done::join)
                .cause()
                .isInstanceOf(RequestException.class)
                .hasMessage("the tail is too far behind ingester a; begin again with start");
    }

    @Test
    void anIngesterThatRestartsIsWaitedFor() throws Exception {
        Client c = tail("query={app=\"web\"}&limit=0");
        c.reads.release(1_000_000);
        awaitAccepted(c);
        push(WEB, ApiFixture.NOW, "one");
        c.await(1);
        api.ingester.unreachable = true;
        push(WEB, ApiFixture.NOW + 1, "two");
        while (api.ingester.refused.get() == 0) {
            Thread.onSpinWait();
        }
        api.ingester.unreachable = false;
        assertThat(c.await(2)).containsExactly("one", "two");
    }

    @Test
    void linesWaitForTheirDelayAndNotForEachOther() throws Exception {
        Client c = tail("query={app=\"web\"}&limit=0&delay_for=1");
        c.reads.release(1_000_000);
        awaitAccepted(c);
        long begin = System.nanoTime();
        for (int i = 0; i < 5000; i++) {
            push(WEB, ApiFixture.NOW + i, "line " + i);
        }
        assertThat(c.await(5000)).hasSize(5000);
        assertThat(c.nanos.getFirst() - begin).isGreaterThan(900_000_000L);
        // five steps of a thousand, all within the one delay
        assertThat(c.nanos.getLast() - begin).isLessThan(4_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "query={app=\"web\"}&delay_for=6 ! delay_for can't be greater than 5 or negative",
                "query={app=\"web\"}&delay_for=-1 ! delay_for can't be greater than 5 or negative",
                "query={app=\"web\"}&delay_for=x ! strconv.Atoi: parsing \"x\": invalid syntax",
                "query={app=\"web\"}&limit=-1 ! limit must not be negative",
                "query={app=\"web\"}&limit=5001 ! max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)",
                "query=rate({app=\"web\"}[1m]) ! only log selector is supported",
                "query={app= ! parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING",
                "query={app=\"web\"}&cursor=x ! invalid cursor: it must be one that a tail sent",
            })
    void badRequestsAreRefusedBeforeTheHandshake(String params, String message) {
        Client c = tail(params);
        assertThatThrownBy(c.done::join).cause().hasMessage(message);
        assertThat(c.accepted).isFalse();
    }

    @Test
    void aTenantHasSoManyTailsAtOnce() throws Exception {
        awaitAccepted(tail("query={app=\"web\"}"));
        assertThatThrownBy(tail("query={app=\"web\"}").done::join)
                .cause()
                .hasMessage("max concurrent tail requests limit exceeded, count > limit (2 > 1)");
    }
}
