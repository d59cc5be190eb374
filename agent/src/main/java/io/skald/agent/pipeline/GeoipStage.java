/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.config.Section;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code geoip}: labels that say where an address is, or whose it is, by a MaxMind database. */
final class GeoipStage extends Stage.Simple {
    private static final int CACHED = 4096;
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(?:\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    /** What is looked up. */
    enum Kind {
        CITY,
        COUNTRY,
        ASN;

        /** Whether a database of a type can have it. Types that say nothing are believed to. */
        boolean isIn(String databaseType) {
            boolean asn = databaseType.contains("ASN") || databaseType.contains("ISP");
            boolean country = databaseType.contains("Country");
            boolean city = databaseType.contains("City");
            return switch (this) {
                case CITY -> !asn && !country;
                case COUNTRY -> !asn;
                case ASN -> !city && !country;
            };
        }
    }

    private final GeoDatabase database;
    private final String source;
    private final Kind kind;
    /** What was found, by address; of one database. */
    private final Map<String, Map<String, String>> found = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Map<String, String>> eldest) {
            return size() > CACHED;
        }
    };

    private long version;

    GeoipStage(GeoDatabase database, String source, Kind kind) {
        this.database = database;
        this.source = source;
        this.kind = kind;
    }

    static @Nullable Stage read(Section s) {
        Path file = s.file("db");
        String source = s.required("source");
        String type = s.required("db_type");
        if (file == null) {
            s.problem("db", "is required");
        }
        Kind kind = switch (type) {
            case "city" -> Kind.CITY;
            case "country" -> Kind.COUNTRY;
            case "asn" -> Kind.ASN;
            default -> {
                if (!type.isEmpty()) {
                    s.problem("db_type", "'" + type + "' is none of city, country, asn");
                }
                yield null;
            }
        };
        if (file == null || kind == null) {
            return null;
        }
        try {
            GeoDatabase database = GeoDatabase.open(file);
            if (!kind.isIn(database.type())) {
                s.problem("db_type", "'" + type + "' is not in " + file + ", which is of type " + database.type());
            }
            return new GeoipStage(database, source, kind);
        } catch (IOException e) {
            s.problem("db", String.valueOf(e.getMessage()));
            return null;
        }
    }

    @Override
    boolean apply(LogEntry e) {
        String text = Values.text(e.extracted(source));
        if (text == null || text.length() < 2) {
            return true;
        }
        long present = database.version();
        if (present != version) {
            version = present;
            found.clear();
        }
        Map<String, String> labels = found.get(text);
        if (labels == null) {
            labels = look(text);
            found.put(text, labels);
        }
        if (!labels.isEmpty()) {
            Labels.Builder b = e.labels().toBuilder();
            labels.forEach((name, value) -> {
                b.set(name, value);
                e.extract(name, value);
            });
            e.setLabels(b.build());
        }
        return true;
    }

    private Map<String, String> look(String text) {
        // names would be asked for from the network
        if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
            return Map.of();
        }
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return Map.of(); // looks like an address, and is none
        }
        Map<?, ?> record = database.look(address);
        Map<String, String> to = new TreeMap<>();
        switch (kind) {
            case ASN -> {
                put(to, "geoip_autonomous_system_number", record.get("autonomous_system_number"));
                put(to, "geoip_autonomous_system_organization", record.get("autonomous_system_organization"));
            }
            case COUNTRY -> country(record, to);
            case CITY -> {
                country(record, to);
                city(record, to);
            }
        }
        return to;
    }

    private static void country(Map<?, ?> record, Map<String, String> to) {
        put(to, "geoip_country_name", name(record.get("country")));
        put(to, "geoip_continent_name", name(record.get("continent")));
        put(to, "geoip_continent_code", of(record.get("continent"), "code"));
    }

    private static void city(Map<?, ?> record, Map<String, String> to) {
        put(to, "geoip_city_name", name(record.get("city")));
        put(to, "geoip_postal_code", of(record.get("postal"), "code"));
        Object location = record.get("location");
        put(to, "geoip_timezone", of(location, "time_zone"));
        Object latitude = of(location, "latitude");
        Object longitude = of(location, "longitude");
        if (latitude != null && longitude != null) {
            put(to, "geoip_location_latitude", latitude);
            put(to, "geoip_location_longitude", longitude);
        }
        if (record.get("subdivisions") instanceof List<?> l && !l.isEmpty()) {
            Object narrowest = l.getLast();
            put(to, "geoip_subdivision_name", name(narrowest));
            put(to, "geoip_subdivision_code", of(narrowest, "iso_code"));
        }
    }

    private static @Nullable Object of(@Nullable Object map, String key) {
        return map instanceof Map<?, ?> m ? m.get(key) : null;
    }

    /** Its name in English. */
    private static @Nullable Object name(@Nullable Object place) {
        return of(of(place, "names"), "en");
    }

    private static void put(Map<String, String> to, String label, @Nullable Object value) {
        String text = switch (value) {
            case null -> "";
            case Double d -> BigDecimal.valueOf(d).stripTrailingZeros().toPlainString();
            default -> value.toString();
        };
        if (!text.isEmpty()) {
            to.put(label, text);
        }
    }
}
