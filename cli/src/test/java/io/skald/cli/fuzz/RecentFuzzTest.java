/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.RecentEntries.Arrival;
import io.skald.core.wire.RecentEntries.Arrived;
import io.skald.core.wire.RecentEntries.Tailed;
import io.skald.core.wire.UnstoredDelete;
import io.skald.core.wire.recent.Frames;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.core.wire.recent.RecentRequests;
import io.skald.storage.FormatFuzz;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What queriers and ingesters tell each other, over mutated bytes: {@code -Dskald.fuzzSeconds=600} for each. */
class RecentFuzzTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final Labels LABELS = Labels.of("app", "web", "pod", "web-ä");

    /** A message, and how it is read. */
    enum Message {
        OPEN {
            @Override
            ByteSink good() {
                return new RecentRequests.Open(TENANT, 77, deletes(), scan()).encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentRequests.Open.decode(in);
            }
        },
        NEXT {
            @Override
            ByteSink good() {
                return new RecentRequests.Next(
                                9, List.of(new RecentRequests.Next.Place(1, 2), new RecentRequests.Next.Place(3, 0)))
                        .encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentRequests.Next.decode(in);
            }
        },
        TAIL {
            @Override
            ByteSink good() {
                return new RecentRequests.Tail(TENANT, scan().matchers(), 5, 1000, 3000).encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentRequests.Tail.decode(in);
            }
        },
        SELECT {
            @Override
            ByteSink good() {
                return new RecentRequests.Select(TENANT, 77, deletes(), scan().matchers(), 5, 99).encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentRequests.Select.decode(in);
            }
        },
        WHICH_LINES {
            @Override
            ByteSink good() {
                return new RecentRequests.Lines(
                                List.of(new HeldLines.Origin("agent", "g1"), new HeldLines.Origin("other", "g-ä")))
                        .encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentRequests.Lines.decode(in);
            }
        },
        OPENED {
            @Override
            ByteSink good() {
                return new RecentAnswers.Opened(
                                4,
                                List.of(
                                        new RecentAnswers.Stream(LABELS, 1, 2),
                                        new RecentAnswers.Stream(Labels.EMPTY, -1, 9)))
                        .encode();
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentAnswers.Opened.decode(in);
            }
        },
        TAILED {
            @Override
            ByteSink good() {
                return RecentAnswers.tailed(new Tailed(List.of(batch(), batch()), 12));
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                Tailed t = RecentAnswers.tailed(in);
                for (EntryBatch b : t.batches()) {
                    for (int i = 0; i < b.size(); i++) {
                        assertThat(b.offset(i)).isBetween(0, b.buffer(i).length - b.length(i));
                        assertThat(b.metadata(i)).isNotNull();
                    }
                }
                return t;
            }
        },
        SERIES {
            @Override
            ByteSink good() {
                return RecentAnswers.series(List.of(LABELS, Labels.EMPTY, Labels.of("a", "b")));
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentAnswers.series(in);
            }
        },
        STATS {
            @Override
            ByteSink good() {
                return RecentAnswers.stats(
                        List.of(new StreamStats(LABELS, 1, 2, 3), new StreamStats(LABELS, 4, 5, 600)));
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentAnswers.stats(in);
            }
        },
        ARRIVED {
            @Override
            ByteSink good() {
                return RecentAnswers.arrived(new Arrived(List.of(new Arrival(LABELS, 1, 2, 3)), 99));
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentAnswers.arrived(in);
            }
        },
        LINES {
            @Override
            ByteSink good() {
                return RecentAnswers.lines(List.of(new HeldLines(
                        new HeldLines.Origin("agent", "g1"),
                        List.of(TENANT),
                        List.of(new HeldLines.Span(1, 5, 7), new HeldLines.Span(9, 12, 8)),
                        List.of(new HeldLines.GivenUp(5, 4, 4, 9)),
                        1234)));
            }

            @Override
            Object read(ByteSource in) throws CorruptData {
                return RecentAnswers.lines(in);
            }
        };

        abstract ByteSink good();

        abstract Object read(ByteSource in) throws CorruptData;
    }

    private static ScanRequest scan() {
        return new ScanRequest(
                List.of(new Matcher("app", Matcher.Op.EQUAL, "web"), new Matcher("pod", Matcher.Op.REGEX, "web-.+")),
                5,
                99,
                Direction.BACKWARD,
                ScanRequest.Columns.ALL,
                List.of(new Requirement(List.of(
                        new Requirement.Text("needle".getBytes(UTF_8), true), new Requirement.Metadata("k", "v")))));
    }

    private static List<UnstoredDelete> deletes() {
        return List.of(new UnstoredDelete(3, "{app=\"web\"}", 1, 2, 8));
    }

    private static EntryBatch batch() {
        EntryBatch b = new EntryBatch(LABELS);
        for (int i = 0; i < 5; i++) {
            byte[] line = ("line " + i).getBytes(UTF_8);
            b.add(10L * i, line, 0, line.length, i % 2 == 0 ? Labels.EMPTY : Labels.of("trace", "x" + i % 4));
        }
        return b;
    }

    /** A message in its frame, the checksum of which is right. */
    private record Framed(Message message) implements FormatFuzz.Target {
        @Override
        public byte[] good() {
            ByteSink raw = message.good();
            return raw.toByteArray();
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            return FormatFuzz.mutate(good, random);
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            ByteSink raw = new ByteSink(bytes.length);
            raw.bytes(bytes, 0, bytes.length);
            ByteSource in = Frames.read(new ByteArrayInputStream(Frames.encode(raw)), "frame");
            assertThat(in).isNotNull();
            assertThat(message.read(in)).isNotNull();
        }

        @Override
        public boolean refusal(Exception e) {
            return e instanceof CorruptData && String.valueOf(e.getMessage()).contains(" offset ");
        }
    }

    /** The frame itself. */
    private static final class Frame implements FormatFuzz.Target {
        @Override
        public byte[] good() {
            return Frames.encode(Message.TAILED.good());
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            return FormatFuzz.mutate(good, random);
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            ByteSource in = Frames.read(new ByteArrayInputStream(bytes), "frame");
            if (in != null) {
                assertThat(in.remaining()).isNotNegative();
            }
        }

        @Override
        public boolean refusal(Exception e) {
            return e instanceof CorruptData || e instanceof EOFException;
        }
    }

    @ParameterizedTest
    @EnumSource
    void messagesAreReadOrRefused(Message message) throws Exception {
        FormatFuzz.run("recent-" + message.name().toLowerCase(java.util.Locale.ROOT), new Framed(message));
    }

    @org.junit.jupiter.api.Test
    void framesAreReadOrRefused() throws Exception {
        FormatFuzz.run("recent-frame", new Frame());
    }
}
