/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;

/**
 * Made-up logs of many programs, as clients of Loki push them, for the profiles of the server's AOT cache. A branch that the training never took
 * is compiled as one that cannot be taken, and the method again once it is: so there is a line of every kind that is
 * treated differently, dates in all forms and in none, levels in many spellings, rows out of order, equal times, metadata. Confined to one thread.
 */
final class TrainingLines {
    /** The forms of dates, as {@link DateTimeFormatter} has them; the last four are none that the server knows. */
    private static final String[] DATES = {
        "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
        "yyyy-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'",
        "yyyy-MM-dd'T'HH:mm:ssXXX",
        "yyyy-MM-dd HH:mm:ss,SSS",
        "yyyy-MM-dd HH:mm:ss.SSS",
        "dd/MMM/yyyy:HH:mm:ss Z",
        "MMM ppd HH:mm:ss",
        "EEE MMM dd HH:mm:ss yyyy",
        "yy/MM/dd HH:mm:ss",
        "yyMMdd HHmmss",
        "yyyy/MM/dd HH:mm:ss",
        "MM-dd HH:mm:ss.SSS",
        "yyyy-MM-dd-HH.mm.ss.SSSSSS",
        "yyyyMMdd-HH:mm:ss:SSS",
        "MM.dd HH:mm:ss"
    };

    private static final String[] LEVELS = {
        "INFO", "info", "Info", "WARN", "warning", "ERROR", "error", "err", "DEBUG", "debug", "trace", "FATAL", "notice", "I", "combo"
    };
    private static final String[] WORDS = {
        "connection", "closed", "by", "peer", "request", "for", "user", "block", "received", "session", "opened", "root", "failed", "after",
        "retries", "queue", "empty", "information", "terror", "/var/lib/app", "0x7f3a", "size", "wait", "state", "a=b", "(null)", "café"
    };

    /** How many streams there are in a body. */
    private static final int STREAMS = 40;

    private final Random random = new Random(7);
    private final DateTimeFormatter[] dates = new DateTimeFormatter[DATES.length];

    TrainingLines() {
        for (int i = 0; i < dates.length; i++) {
            dates[i] = DateTimeFormatter.ofPattern(DATES[i], Locale.ROOT);
        }
    }

    /** The body of a push: protobuf in a frame of Snappy; about a megabyte from a moment on. */
    byte[] body(Instant from) {
        ByteArrayOutputStream request = new ByteArrayOutputStream(1 << 20);
        for (int s = 0; s < STREAMS; s++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream(64 << 10);
            field(stream, 1, ("{app=\"training-" + s % 20 + "\", namespace=\"n" + s % 3 + "\", node=\"node-" + s % 5 + "\", pod=\"p-" + s + "\"}")
                    .getBytes(StandardCharsets.UTF_8));
            long nanos = 0;
            while (stream.size() < 25_000) {
                // some at the same moment, and some before the last
                nanos += random.nextInt(12) == 0 ? 0 : random.nextInt(s % 4 == 3 ? 30_000_000 : 200_000_000);
                Instant at = from.plusNanos(random.nextInt(40) == 0 && s % 3 == 0 ? nanos / 2 : nanos);
                field(stream, 2, entry(at, line(s, at.atOffset(ZoneOffset.UTC).toLocalDateTime()), s % 5 == 4));
            }
            field(request, 1, stream.toByteArray());
        }
        return framed(request.toByteArray());
    }

    /** A push of many streams with a line each. */
    byte[] streams(Instant from) {
        ByteArrayOutputStream request = new ByteArrayOutputStream(1 << 20);
        for (int s = 0; s < 600; s++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream(512);
            field(stream, 1, ("{app=\"training\", request_path=\"/a/" + s + "\"}").getBytes(StandardCharsets.UTF_8));
            field(stream, 2, entry(from, line(s, from.atOffset(ZoneOffset.UTC).toLocalDateTime()), false));
            field(request, 1, stream.toByteArray());
        }
        return framed(request.toByteArray());
    }

    private byte[] entry(Instant at, String line, boolean metadata) {
        ByteArrayOutputStream time = new ByteArrayOutputStream(16);
        varint(time, 1 << 3);
        varint(time, at.getEpochSecond());
        varint(time, 2 << 3);
        varint(time, at.getNano());
        ByteArrayOutputStream entry = new ByteArrayOutputStream(512);
        field(entry, 1, time.toByteArray());
        field(entry, 2, line.getBytes(StandardCharsets.UTF_8));
        if (metadata) {
            pair(entry, "trace_id", hex());
            pair(entry, "host", "h" + random.nextInt(9));
        }
        return entry.toByteArray();
    }

    private static void pair(ByteArrayOutputStream entry, String name, String value) {
        ByteArrayOutputStream pair = new ByteArrayOutputStream(64);
        field(pair, 1, name.getBytes(StandardCharsets.UTF_8));
        field(pair, 2, value.getBytes(StandardCharsets.UTF_8));
        field(entry, 3, pair.toByteArray());
    }

    private String line(int stream, LocalDateTime at) {
        String date = dates[stream % 20 % dates.length].format(at.atOffset(ZoneOffset.UTC));
        String level = LEVELS[random.nextInt(10) == 0 ? random.nextInt(LEVELS.length) : stream % 3];
        return switch (stream % 20) {
            case 0 -> json(date, level, random.nextInt(3));
            case 1 -> "ts=" + date + " caller=db.go:" + n(900) + " level=" + level + " trace=" + hex() + " response_code_class=2xx took=" + n(99) + "."
                    + n(99) + "ms msg=\"" + words(4) + "\"";
            case 2 -> "time=\"" + date + "\" lvl=" + level + " msg=\"" + words(3) + "\" err=\"" + words(2) + "\"";
            case 3, 4 -> date + " " + level + " [" + words(1) + "-" + n(20) + "] a.b.C$" + n(9) + ": " + words(8) + (n(60) == 0 ? trace() : "");
            case 5 -> "10." + n(256) + "." + n(256) + ".7 - - [" + date + "] \"GET /" + words(1) + "?id=" + n(100_000) + " HTTP/1.1\" "
                    + (200 + n(3) * 100) + " " + n(50_000) + " \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\" 0." + n(1000);
            case 6 -> date + " host" + n(9) + " sshd[" + n(30_000) + "]: " + words(6) + " from 10.1." + n(256) + "." + n(256) + " port " + n(60_000);
            case 7 -> "[" + date + "] [" + level + "] [client 10.2.3." + n(256) + "] " + words(5);
            case 8 -> date + " " + level + " storage.Manager: " + words(5) + " in " + n(900) + " ms";
            case 9 -> date + " " + n(4000) + " " + level + " dfs.Node$Part: " + words(4) + " blk_" + random.nextLong();
            case 10 -> date + " [" + level + "] " + n(99) + "#0: *" + n(99_999) + " " + words(6);
            case 11 -> date + "  " + n(4000) + "  " + n(4000) + " " + LEVELS[n(15)].charAt(0) + " Tag: " + words(5);
            case 12 -> "- " + at.toEpochSecond(ZoneOffset.UTC) + " R" + n(90) + "-M1 " + date + " KERNEL " + level + " " + words(4);
            case 13 -> date + "|Step|" + n(90_000) + "|" + words(3) + "=" + n(9999) + "##" + n(99_999);
            case 14 -> "[" + date + "] app.exe - proxy.example:5070 " + words(3) + ", " + n(9999) + " bytes sent";
            case 15 -> json(date, level, 3);
            case 16 -> "[" + n(99_999) + "." + n(999_999) + "] eth0: " + words(5) + " 1:2:3";
            case 17 -> n(30) == 0 ? "" : words(1 + n(30)) + "\t" + n(100) + ": 12:34 " + words(2);
            case 18 -> "level=" + level + " " + words(2) + " duration=" + n(900) + "ms status=" + (200 + n(400));
            default -> words(40 + n(60));
        };
    }

    private String json(String date, String level, int kind) {
        return switch (kind) {
            case 0 -> "{\"ts\":\"" + date + "\",\"level\":\"" + level + "\",\"trace_id\":\"" + hex() + "\",\"user\":" + n(99_999) + ",\"ok\":true,\"ms\":"
                    + n(900) + "." + n(9) + ",\"msg\":\"" + words(6) + "\"}";
            case 1 -> "{\"kubernetes\":{\"pod\":\"p-" + n(9) + "\",\"labels\":{\"app\":\"a\"}},\"tags\":[1,\"b\",null],\"msg\":\"he said \\\"" + words(3)
                    + "\\\"\",\"severity\":\"" + level + "\",\"time\":\"" + date + "\"}";
            case 2 -> "{\"msg\":\"" + words(12) + "\",\"time\":\"" + date + "\",\"log\":{\"level\":\"" + level + "\"}}";
            default -> "{\"request\":\"" + hex() + "\",\"status\":" + (200 + n(400)) + ",\"path\":\"/api/" + words(1) + "\",\"at\":\"" + date
                    + "\",\"message\":\"" + words(5) + "\"}";
        };
    }

    private String trace() {
        StringBuilder b = new StringBuilder("\njava.io.IOException: closed");
        for (int i = n(12); i >= 0; i--) {
            b.append("\n\tat a.b.C.d(C.java:").append(n(900)).append(')');
        }
        return b.toString();
    }

    private int n(int bound) {
        return random.nextInt(bound);
    }

    private String words(int n) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < n; i++) {
            b.append(i == 0 ? "" : " ").append(WORDS[random.nextInt(WORDS.length)]);
        }
        return b.toString();
    }

    private String hex() {
        return String.format(Locale.ROOT, "%016x%016x", random.nextLong(), random.nextLong());
    }

    /** Snappy's frame without compression: the length, and literals of up to 64 KiB. */
    private static byte[] framed(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 100);
        varint(out, bytes.length);
        for (int at = 0; at < bytes.length; at += 1 << 16) {
            int n = Math.min(1 << 16, bytes.length - at);
            out.write(61 << 2);
            out.write(n - 1);
            out.write(n - 1 >>> 8);
            out.write(bytes, at, n);
        }
        return out.toByteArray();
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] value) {
        varint(out, (long) number << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long v = value;
        while (v >= 0x80) {
            out.write((int) (v & 0x7f | 0x80));
            v >>>= 7;
        }
        out.write((int) v);
    }
}
