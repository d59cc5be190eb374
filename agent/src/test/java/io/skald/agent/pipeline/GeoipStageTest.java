/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GeoipStageTest {
    private static final Map<String, Object> PLACE = Map.of(
            "city", Map.of("names", Map.of("en", "Kassel", "de", "Kassel")),
            "country", Map.of("names", Map.of("en", "Germany", "de", "Deutschland"), "iso_code", "DE"),
            "continent", Map.of("names", Map.of("en", "Europe"), "code", "EU"),
            "postal", Map.of("code", "34117"),
            "location", Map.of("latitude", 51.3127, "longitude", -9.0, "time_zone", "Europe/Berlin"),
            "subdivisions",
                    List.of(
                            Map.of("names", Map.of("en", "Hesse"), "iso_code", "HE"),
                            Map.of("names", Map.of("en", "Kassel Region"), "iso_code", "KR")));
    private static final Map<String, Object> NUMBER =
            Map.of("autonomous_system_number", 64_500, "autonomous_system_organization", "EXAMPLE-AS");

    @TempDir
    private Path dir;

    private Path write(String name, MmdbFile file) throws IOException {
        return Files.write(dir.resolve(name), file.bytes());
    }

    private Path city() throws IOException {
        return write(
                "city.mmdb",
                new MmdbFile("GeoLite2-City", 6)
                        .put("192.0.2.0/24", PLACE)
                        .put("198.51.100.7/32", Map.of("country", Map.of("names", Map.of("en", "Nowhere"))))
                        .put("2001:db8::/32", Map.of("city", Map.of("names", Map.of("en", "Six")))));
    }

    private static String stages(Path file, String type) {
        return "- regex: {expression: '^(?P<ip>\\S+)'}\n- geoip: {db: '" + file + "', source: ip, db_type: " + type
                + "}";
    }

    @Test
    void cityHasEverythingThatIsKnown() throws Exception {
        assertThat(StageRun.run(stages(city(), "city"), List.of("192.0.2.77 GET /", "198.51.100.7", "2001:db8::1")))
                .containsExactly(
                        "{a=\"b\", geoip_city_name=\"Kassel\", geoip_continent_code=\"EU\", geoip_continent_name=\"Europe\", "
                                + "geoip_country_name=\"Germany\", geoip_location_latitude=\"51.3127\", geoip_location_longitude=\"-9\", "
                                + "geoip_postal_code=\"34117\", geoip_subdivision_code=\"KR\", geoip_subdivision_name=\"Kassel Region\", "
                                + "geoip_timezone=\"Europe/Berlin\"} 192.0.2.77 GET /",
                        "{a=\"b\", geoip_country_name=\"Nowhere\"} 198.51.100.7",
                        "{a=\"b\", geoip_city_name=\"Six\"} 2001:db8::1");
    }

    @Test
    void country() throws Exception {
        assertThat(StageRun.run(stages(city(), "country"), List.of("192.0.2.77")))
                .containsExactly(
                        "{a=\"b\", geoip_continent_code=\"EU\", geoip_continent_name=\"Europe\", geoip_country_name=\"Germany\"} 192.0.2.77");
    }

    @Test
    void asn() throws Exception {
        Path file = write("asn.mmdb", new MmdbFile("GeoLite2-ASN", 4).put("192.0.2.0/25", NUMBER));
        assertThat(StageRun.run(stages(file, "asn"), List.of("192.0.2.1", "192.0.2.200", "2001:db8::1")))
                .containsExactly(
                        "{a=\"b\", geoip_autonomous_system_number=\"64500\", geoip_autonomous_system_organization=\"EXAMPLE-AS\"} 192.0.2.1",
                        "{a=\"b\"} 192.0.2.200",
                        "{a=\"b\"} 2001:db8::1");
    }

    /** Also names, which nobody may ask the network for, and forms that only some take for addresses. */
    @ParameterizedTest
    @CsvSource({
        "203.0.113.1",
        "localhost",
        "192.0.2",
        "3221225985",
        "192.0.2.256",
        "[2001:db8::1]",
        "fe80::1%lo",
        "::ffff:1:2:3:4:5:6",
        "-",
        ":"
    })
    void nothingIsKnown(String text) throws Exception {
        assertThat(StageRun.run(stages(city(), "city"), List.of(text))).containsExactly("{a=\"b\"} " + text);
    }

    @Test
    void whatIsFoundCanBecomeMetadata() throws Exception {
        String yaml = stages(city(), "country") + "\n- structured_metadata: {country: geoip_country_name}\n"
                + "- labelallow: [a]";
        assertThat(StageRun.run(yaml, List.of("192.0.2.77")))
                .containsExactly("{a=\"b\"} metadata {country=\"Germany\"} 192.0.2.77");
    }

    @Test
    void aNewFileIsTakenAndABrokenOneIsNot() throws Exception {
        Path file = city();
        GeoDatabase db = GeoDatabase.open(file);
        InetAddress address = InetAddress.ofLiteral("192.0.2.1");
        Map<?, ?> before = db.look(address);
        assertThat(before).isEqualTo(PLACE);

        replace(file, "no database".getBytes(java.nio.charset.StandardCharsets.UTF_8), 1);
        db.look();
        assertThat(db.look(address)).isEqualTo(PLACE);
        long version = db.version();

        replace(
                file,
                new MmdbFile("GeoLite2-City", 6).put("192.0.2.0/24", NUMBER).bytes(),
                2);
        db.look();
        assertThat(db.version()).isNotEqualTo(version);
        assertThat(db.look(address).get("autonomous_system_organization")).isEqualTo("EXAMPLE-AS");

        Files.delete(file);
        db.look();
        assertThat(db.look(address)).isNotEmpty();
    }

    private void replace(Path file, byte[] by, int seconds) throws IOException {
        Path next = Files.write(dir.resolve("next"), by);
        Files.setLastModifiedTime(next, FileTime.from(Instant.now().plusSeconds(seconds)));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void errorsNameTheKey() throws Exception {
        Path city = city();
        Path text = Files.writeString(dir.resolve("text"), "no database");
        assertThatThrownBy(() -> StageRun.of(stages(dir.resolve("none"), "city")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("agent.yaml:7:17: scrape_configs[0].pipeline_stages[1].geoip.db: ")
                .hasMessageContaining("none cannot be read");
        assertThatThrownBy(() -> StageRun.of(stages(text, "city"))).hasMessageContaining("text is no MaxMind database");
        assertThatThrownBy(() -> StageRun.of(stages(city, "asn")))
                .hasMessageContaining("db_type: 'asn' is not in " + city + ", which is of type GeoLite2-City");
        assertThatThrownBy(() -> StageRun.of(stages(city, "planet")))
                .hasMessageContaining("db_type: 'planet' is none of city, country, asn");
        assertThatThrownBy(() -> StageRun.of("- geoip: {}"))
                .hasMessageContaining("geoip.db: is required")
                .hasMessageContaining("geoip.source: is required")
                .hasMessageContaining("geoip.db_type: is required");
        assertThatThrownBy(() -> StageRun.of("- geoip: {db: x, sorce: y}"))
                .hasMessageContaining(
                        "unknown key 'sorce' in scrape_configs[0].pipeline_stages[0].geoip; did you mean 'source'?");
    }
}
