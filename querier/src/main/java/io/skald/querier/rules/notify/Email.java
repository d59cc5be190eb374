/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.core.config.EmailSettings;
import io.skald.core.config.HostPort;
import io.skald.core.http.TlsContexts;
import io.skald.querier.rules.eval.Outgoing;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;

/** Mail to people, one for all alerts that come at once. */
final class Email implements Receiver {
    private static final int TLS_PORT = 465;

    private final EmailSettings settings;
    private final HostPort server;
    private final Session session;

    /** @throws IllegalArgumentException if the certificates to trust cannot be used */
    Email(EmailSettings settings, Duration timeout) {
        this.settings = settings;
        this.server = HostPort.parse(settings.smarthost());
        String millis = Long.toString(timeout.toMillis());
        Properties p = new Properties();
        p.put("mail.smtp.host", server.host());
        p.put("mail.smtp.port", Integer.toString(server.port()));
        p.put("mail.smtp.connectiontimeout", millis);
        p.put("mail.smtp.timeout", millis);
        p.put("mail.smtp.writetimeout", millis);
        p.put("mail.smtp.ssl.enable", Boolean.toString(server.port() == TLS_PORT));
        p.put("mail.smtp.ssl.checkserveridentity", "true");
        p.put("mail.smtp.starttls.enable", "true");
        p.put("mail.smtp.starttls.required", Boolean.toString(settings.requireTls() && server.port() != TLS_PORT));
        if (!settings.tlsCaPath().toString().isEmpty()) {
            p.put("mail.smtp.ssl.socketFactory", trusting(settings.tlsCaPath()));
        }
        p.put("mail.smtp.auth", Boolean.toString(!settings.authUsername().isEmpty()));
        this.session = Session.getInstance(p);
    }

    private static SSLSocketFactory trusting(Path ca) {
        try {
            return TlsContexts.client(ca, null, null, false).getSocketFactory();
        } catch (IOException e) {
            throw new IllegalArgumentException("rules.email.tls_ca_path: " + e.getMessage(), e);
        }
    }

    @Override
    public String name() {
        return "mail " + server.host();
    }

    @Override
    public int mostAtOnce() {
        return 200;
    }

    @Override
    public void send(List<Outgoing> alerts) throws SendException {
        try {
            MimeMessage m = new MimeMessage(session);
            m.setFrom(new InternetAddress(settings.from()));
            for (String to : settings.to()) {
                m.addRecipient(Message.RecipientType.TO, new InternetAddress(to));
            }
            m.setSubject(subject(alerts), StandardCharsets.UTF_8.name());
            m.setHeader("Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
            m.setText(text(alerts), StandardCharsets.UTF_8.name());
            m.saveChanges();
            try (Transport t = session.getTransport("smtp")) {
                if (settings.authUsername().isEmpty()) {
                    t.connect();
                } else {
                    t.connect(settings.authUsername(), HttpSender.read(settings.authPasswordFile()));
                }
                t.sendMessage(m, m.getAllRecipients());
            }
        } catch (AuthenticationFailedException e) {
            throw new SendException("mail server " + server + " refuses the password: " + e.getMessage(), true, e);
        } catch (MessagingException | IOException e) {
            throw new SendException("mail server " + server + ": " + e.getMessage(), true, e);
        }
    }

    private static String subject(List<Outgoing> alerts) {
        long firing = alerts.stream().filter(a -> !a.resolved()).count();
        String state = firing > 0 ? "FIRING:" + firing : "RESOLVED";
        String names = alerts.stream()
                .filter(a -> firing == 0 || !a.resolved())
                .map(a -> a.labels().getOrEmpty("alertname"))
                .distinct()
                .limit(3)
                .collect(Collectors.joining(", "));
        Map<String, String> common = AlertJson.common(
                alerts.stream().map(a -> AlertJson.map(a.labels())).toList());
        common.remove("alertname");
        return "[" + state + "] " + names + (common.isEmpty() ? "" : " " + String.join(" ", common.values()));
    }

    private static String text(List<Outgoing> alerts) {
        StringBuilder b = new StringBuilder();
        for (Outgoing a : alerts) {
            b.append(a.resolved() ? "RESOLVED " : "FIRING ")
                    .append(a.labels())
                    .append("\n  since ")
                    .append(AlertJson.time(a.startsAtNanos()));
            if (a.resolved()) {
                b.append(" until ").append(AlertJson.time(a.endsAtNanos()));
            }
            b.append('\n');
            a.annotations()
                    .forEach((k, v) -> b.append("  ")
                            .append(k)
                            .append(": ")
                            .append(v.replace("\n", "\n    "))
                            .append('\n'));
            b.append("  ").append(a.link()).append("\n\n");
        }
        return b.toString();
    }
}
