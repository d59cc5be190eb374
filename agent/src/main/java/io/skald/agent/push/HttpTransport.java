/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.core.block.ByteSink;
import io.skald.core.http.TlsContexts;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * Pushes over HTTP: blocks as they are to Skald, protobuf and snappy to Loki. Which of them a server takes is asked for by a push of
 * nothing, where the configuration leaves it open: at first, when another server is tried, when blocks find no taker any more, and from time to time
 * while it is Loki's, as a Skald may have come up behind the name. Thread-safe.
 */
public final class HttpTransport implements Transport {
    private static final System.Logger LOG = System.getLogger(HttpTransport.class.getName());
    private static final String LOKI_PATH = "/loki/api/v1/push";
    private static final int MAX_MESSAGE_LENGTH = 500;
    /** An ingester knows a push by its number, and puts entries in order itself. */
    private static final int WINDOW = 4;

    private static final long ASK_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final Pattern REJECTED = Pattern.compile("\"rejected\"\\s*:\\s*([1-9][0-9]*)");

    private final ClientSettings settings;
    private final HttpClient http;
    private final HttpEndpoints endpoints;
    private final String agent;
    private final long epoch;
    private final LongSupplier nanoTime;
    private volatile ClientSettings.Format format;
    private volatile long askedNanos;

    /**
     * @param agent who sends
     * @param epoch which start it is; for asking what the server takes
     * @throws IOException if a file with keys or certificates cannot be used
     */
    public HttpTransport(ClientSettings settings, String agent, long epoch) throws IOException {
        this(settings, agent, epoch, System::nanoTime);
    }

    HttpTransport(ClientSettings settings, String agent, long epoch, LongSupplier nanoTime) throws IOException {
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.agent = agent;
        this.epoch = epoch;
        this.format = settings.format();
        this.endpoints = new HttpEndpoints(settings.urls(), agent.hashCode());
        HttpClient.Builder b = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(min(settings.timeout(), Duration.ofSeconds(10)));
        URI proxy = settings.proxy();
        if (proxy != null) {
            b.proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort())));
        }
        ClientSettings.Tls tls = settings.tls();
        if (!tls.equals(ClientSettings.Tls.NONE)) {
            b.sslContext(TlsContexts.client(tls.ca(), tls.cert(), tls.key(), tls.insecure()));
        }
        if (tls.serverName() != null) {
            SSLParameters p = new SSLParameters();
            p.setServerNames(List.of(new SNIHostName(tls.serverName())));
            b.sslParameters(p);
        }
        this.http = b.build();
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    @Override
    public Outcome send(TenantId tenant, byte[] push) throws InterruptedException {
        Outcome unknown = ask(tenant);
        if (unknown != null) {
            return unknown;
        }
        try {
            if (format == ClientSettings.Format.LOKI) {
                return sendLoki(tenant, push);
            }
            HttpResponse<byte[]> r = post(tenant, uri(BlockPush.PATH), labelled(push), BlockPush.CONTENT_TYPE);
            int status = r.statusCode();
            if (status == 404 || status == 405 || status == 415 || status == 501) {
                format = settings.format(); // something else answers here now
            }
            return outcome(r);
        } catch (CorruptData e) {
            return new Refused("the push is damaged in the outbox: " + e.getMessage());
        } catch (IOException e) {
            return new Later("cannot push to " + endpoints.current() + ": " + e, 0);
        }
    }

    /** Finds out what the server takes if that is not known, or not any more; null if it is. */
    private @Nullable Outcome ask(TenantId tenant) throws InterruptedException {
        if (format == ClientSettings.Format.AUTO) {
            return detect(tenant);
        }
        long now = nanoTime.getAsLong();
        if (format == ClientSettings.Format.LOKI
                && settings.format() == ClientSettings.Format.AUTO
                && now - askedNanos >= ASK_AGAIN_NANOS) {
            askedNanos = now;
            Outcome unknown = detect(tenant);
            if (unknown != null) {
                LOG.log(System.Logger.Level.DEBUG, () -> "not known whether it takes blocks now: " + unknown);
            }
        }
        return null;
    }

    private Outcome sendLoki(TenantId tenant, byte[] push) throws CorruptData, IOException, InterruptedException {
        byte[] body = LokiBody.of(BlockPush.decode(push, push.length), settings.labels());
        URI configured = endpoints.current();
        URI uri = configured.getPath().isEmpty() || configured.getPath().equals("/") ? uri(LOKI_PATH) : configured;
        return outcome(post(tenant, uri, body, "application/x-protobuf"));
    }

    /** The push with the labels that this client adds; streams may then have the same name, which is no harm. */
    private byte[] labelled(byte[] push) throws CorruptData {
        if (settings.labels().isEmpty()) {
            return push;
        }
        BlockPush p = BlockPush.decode(push, push.length);
        List<BlockPush.Block> blocks = new ArrayList<>();
        for (BlockPush.Block b : p.blocks()) {
            blocks.add(new BlockPush.Block(with(b.labels(), settings.labels()), b.bytes(), b.offset(), b.length()));
        }
        return BlockPush.encode(p.agent(), p.epoch(), p.sequence(), blocks, p.ranges());
    }

    static Labels with(Labels labels, Labels added) {
        Labels.Builder b = labels.toBuilder();
        for (int i = 0; i < added.size(); i++) {
            if (!labels.has(added.name(i))) {
                b.set(added.name(i), added.value(i));
            }
        }
        return b.build();
    }

    /** Finds out what the server takes; null once that is known. */
    private @Nullable Outcome detect(TenantId tenant) throws InterruptedException {
        ByteSink none = new ByteSink(64);
        byte[] empty = BlockPush.encode(agent, epoch, 1L << 62, List.of());
        none.bytes(empty, 0, empty.length);
        HttpResponse<byte[]> r;
        try {
            r = http.send(
                    request(tenant, uri(BlockPush.PATH), none.toByteArray(), BlockPush.CONTENT_TYPE),
                    HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            return new Later("cannot reach " + endpoints.current() + ": " + e, 0);
        }
        int status = r.statusCode();
        if (status == 401 || status == 403 || status == 429 || status >= 500 && status != 501) {
            return outcome(r);
        }
        boolean blocks = status / 100 == 2 || status == 422;
        ClientSettings.Format before = format;
        format = blocks ? ClientSettings.Format.SKALD : ClientSettings.Format.LOKI;
        askedNanos = nanoTime.getAsLong();
        LOG.log(
                format == before ? System.Logger.Level.DEBUG : System.Logger.Level.INFO,
                () -> settings.name() + " takes " + (blocks ? "blocks" : "pushes as Loki does") + " (answered " + status
                        + ")");
        return null;
    }

    private URI uri(String path) {
        return endpoints.current().resolve(path);
    }

    private HttpResponse<byte[]> post(TenantId tenant, URI uri, byte[] body, String type)
            throws IOException, InterruptedException {
        return http.send(request(tenant, uri, body, type), HttpResponse.BodyHandlers.ofByteArray());
    }

    private HttpRequest request(TenantId tenant, URI uri, byte[] body, String type) throws IOException {
        HttpRequest.Builder b = HttpRequest.newBuilder(uri)
                .timeout(settings.timeout())
                .header("Content-Type", type)
                .header("User-Agent", "skald-agent")
                .POST(new ArrayPublisher(body));
        String id = tenant.equals(TenantId.DEFAULT) ? settings.tenant() : tenant.value();
        if (id != null) {
            b.header("X-Scope-OrgID", id);
        }
        String authorization = authorization(settings.auth());
        if (authorization != null) {
            b.header("Authorization", authorization);
        }
        settings.headers().forEach(b::setHeader);
        return b.build();
    }

    private static @Nullable String authorization(ClientSettings.Auth a) throws IOException {
        if (a.user() != null) {
            String password = a.passwordFile() != null
                    ? Files.readString(a.passwordFile()).strip()
                    : a.password();
            String pair = a.user() + ":" + (password == null ? "" : password);
            return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        }
        String c = a.credentialsFile() != null
                ? Files.readString(a.credentialsFile()).strip()
                : a.credentials();
        return c == null ? null : a.scheme() + " " + c;
    }

    private static Outcome outcome(HttpResponse<byte[]> r) {
        int status = r.statusCode();
        if (status / 100 == 2) {
            if (r.body().length == 0) {
                return Taken.ALL;
            }
            String text = text(r.body());
            Matcher m = REJECTED.matcher(text);
            return m.find() ? new Taken(Long.parseLong(m.group(1)), text) : Taken.ALL;
        }
        String message = "HTTP " + status + ": " + text(r.body()).strip();
        boolean passing = status == 408
                || status == 425
                || status == 429
                || status == 401
                || status == 403
                || status == 404
                || status == 405
                || status / 100 == 3
                || status >= 500;
        return passing ? new Later(message, retryAfterMillis(r)) : new Refused(message);
    }

    private static String text(byte[] body) {
        return new String(body, 0, Math.min(body.length, MAX_MESSAGE_LENGTH), StandardCharsets.UTF_8);
    }

    private static long retryAfterMillis(HttpResponse<byte[]> r) {
        Optional<String> header = r.headers().firstValue("Retry-After");
        if (header.isEmpty()) {
            return 0;
        }
        String v = header.get().strip();
        try {
            long seconds = v.chars().allMatch(Character::isDigit)
                    ? Long.parseLong(v)
                    : Duration.between(Instant.now(), ZonedDateTime.parse(v, DateTimeFormatter.RFC_1123_DATE_TIME))
                            .toSeconds();
            return 1000L * Math.clamp(seconds, 0, 3600);
        } catch (DateTimeParseException | NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public int window() {
        // a Loki takes what is older than the last only within limits
        return format == ClientSettings.Format.SKALD ? WINDOW : 1;
    }

    @Override
    public void failOver() {
        endpoints.next();
        format = settings.format(); // another server may take something else
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
