/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.Labels;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** {@code journal}: what {@code journalctl} shows, from a cursor on that is saved with the entries. */
final class JournalSource implements Source {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final String[] PRIORITIES = {"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"
    };

    private final String job;
    private final SourceSettings.Journal settings;
    private final Intake intake;
    private final SourceThread thread;
    private @Nullable String cursor;
    private volatile @Nullable Process process;

    JournalSource(String job, SourceSettings.Journal settings, Intake intake, @Nullable String cursor) {
        this.job = job;
        this.settings = settings;
        this.intake = intake;
        this.cursor = cursor;
        this.thread = new SourceThread(job, "journal", PAUSE, this::follow, intake::failed);
    }

    @Override
    public void start() {
        thread.start();
    }

    private void follow() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(settings.command(), "-o", "json", "-f", "-a", "--no-tail"));
        if (settings.path() != null) {
            command.add("--directory=" + settings.path());
        }
        if (cursor != null) {
            command.add("--after-cursor=" + cursor);
        } else {
            Instant since = Instant.now().minus(settings.maxAge());
            command.add("--since=@" + since.getEpochSecond());
        }
        command.addAll(settings.matches());
        Process p = new ProcessBuilder(command).start();
        process = p;
        AtomicReference<String> complaint = new AtomicReference<>("");
        Thread complaints = Thread.ofVirtual().start(() -> complaint.set(lastLine(p)));
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8))) {
            read(in);
        } finally {
            p.destroy();
            if (!p.waitFor(5, TimeUnit.SECONDS)) {
                p.destroyForcibly();
            }
        }
        complaints.join(Duration.ofSeconds(1));
        throw new IOException((settings.command() + " has ended " + complaint.get()).strip());
    }

    private static String lastLine(Process p) {
        String last = "";
        try (BufferedReader in = p.errorReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = in.readLine()) != null) {
                last = line;
            }
        } catch (IOException e) {
            return last; // it has ended, and what it said so far is what there is
        }
        return last;
    }

    private void read(BufferedReader in) throws IOException, InterruptedException {
        List<Received> batch = new ArrayList<>();
        String last = null;
        String line;
        while ((line = in.readLine()) != null) {
            try {
                Map<String, String> fields = fields(line);
                batch.add(entry(fields, settings.json()));
                last = fields.getOrDefault("__CURSOR", last);
            } catch (IOException e) {
                intake.malformed("journal entry", line);
            }
            if (!in.ready() || batch.size() >= 500) {
                Map.Entry<String, String> at = last == null ? null : Map.entry("journal/" + job, last);
                intake.store(batch, at);
                cursor = last == null ? cursor : last;
                batch = new ArrayList<>();
                thread.works();
            }
        }
    }

    static Received entry(Map<String, String> fields, boolean json) throws IOException {
        Map<String, String> labels = new TreeMap<>();
        fields.forEach((k, v) -> labels.put("__journal_" + k.toLowerCase(Locale.ROOT), v));
        labels.keySet()
                .removeIf(k ->
                        k.equals("__journal___cursor") || k.equals("__journal_message") || k.contains("timestamp"));
        String priority = fields.get("PRIORITY");
        if (priority != null && priority.length() == 1 && priority.charAt(0) >= '0' && priority.charAt(0) <= '7') {
            labels.put("__journal_priority_keyword", PRIORITIES[priority.charAt(0) - '0']);
        }
        String text = json ? json(fields) : fields.getOrDefault("MESSAGE", "");
        return new Received(
                labels,
                nanos(fields.getOrDefault("__REALTIME_TIMESTAMP", "0")),
                text.getBytes(StandardCharsets.UTF_8),
                Labels.EMPTY,
                null);
    }

    private static long nanos(String micros) throws IOException {
        try {
            return Math.multiplyExact(Long.parseLong(micros), 1000L);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IOException("'" + micros + "' is no time in microseconds", e);
        }
    }

    private static String json(Map<String, String> fields) throws IOException {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartObject();
            for (Map.Entry<String, String> e : fields.entrySet()) {
                g.writeStringField(e.getKey(), e.getValue());
            }
            g.writeEndObject();
        }
        return out.toString();
    }

    /** The fields of an entry; values that are not text come as arrays of bytes. */
    static Map<String, String> fields(String line) throws IOException {
        Map<String, String> fields = new TreeMap<>();
        try (JsonParser p = JSON.createParser(line)) {
            p.nextToken();
            while (p.nextToken() == JsonToken.FIELD_NAME) {
                String name = p.currentName();
                JsonToken t = p.nextToken();
                if (t == JsonToken.START_ARRAY) {
                    fields.put(name, array(p));
                } else if (t == JsonToken.START_OBJECT) {
                    p.skipChildren();
                } else if (t != JsonToken.VALUE_NULL) {
                    fields.put(name, p.getText());
                }
            }
        }
        return fields;
    }

    private static String array(JsonParser p) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String last = "";
        while (p.nextToken() != JsonToken.END_ARRAY) {
            if (p.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                bytes.write(p.getIntValue());
            } else {
                last = p.getText(); // a field that is given more than once
            }
        }
        return bytes.size() > 0 ? bytes.toString(StandardCharsets.UTF_8) : last;
    }

    @Override
    public SourceStatus status() {
        return intake.status(
                "journal",
                settings.path() == null ? settings.command() : settings.path().toString(),
                problem(),
                false);
    }

    @Override
    public String problem() {
        return thread.problem();
    }

    @Override
    public void close() {
        thread.close();
        Process p = process;
        if (p != null) {
            p.destroy();
        }
    }
}
