/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.TenantId;
import java.security.SecureRandom;
import java.time.LocalDate;

/** Object keys of segments: {@code tenant/yyyy-mm-dd/ulid.seg}. Unique per call, so that no attempt meets what another left behind. */
public final class SegmentKeys {
    private static final String BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final SecureRandom RANDOM = new SecureRandom();

    private SegmentKeys() {}

    /** A new key; sorts by the time given, milliseconds since the epoch. */
    public static String next(TenantId tenant, int day, long nowMillis) {
        return tenant.value() + "/" + LocalDate.ofEpochDay(day) + "/" + ulid(nowMillis) + ".seg";
    }

    /** The time in a key, milliseconds since the epoch; 0 if it is not one of these. */
    public static long millis(String key) {
        int from = key.lastIndexOf('/') + 1;
        if (key.length() - from != 30) {
            return 0;
        }
        long t = 0;
        for (int i = from; i < from + 10; i++) {
            int digit = BASE32.indexOf(key.charAt(i));
            if (digit < 0) {
                return 0;
            }
            t = t << 5 | digit;
        }
        return t;
    }

    private static String ulid(long millis) {
        char[] c = new char[26];
        long t = millis;
        for (int i = 9; i >= 0; i--) {
            c[i] = BASE32.charAt((int) (t & 31));
            t >>>= 5;
        }
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        for (int i = 0; i < 16; i++) {
            c[10 + i] = BASE32.charAt(random[i] & 31);
        }
        return new String(c);
    }
}
