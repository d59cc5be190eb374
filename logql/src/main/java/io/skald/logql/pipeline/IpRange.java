/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An address, a CIDR block or a range of addresses, as {@code ip("…")} names them. Immutable. */
final class IpRange {
    private final byte[] low;
    private final byte[] high;

    private IpRange(byte[] low, byte[] high) {
        this.low = low;
        this.high = high;
    }

    /** @throws PipelineException if the text is none of them */
    static IpRange parse(String text) {
        IpRange r = tryParse(text.strip());
        if (r == null) {
            throw new PipelineException("ip: invalid pattern: " + io.skald.core.model.Quote.quote(text));
        }
        return r;
    }

    private static @Nullable IpRange tryParse(String t) {
        int dash = t.indexOf('-');
        int slash = t.indexOf('/');
        if (dash >= 0) {
            byte[] a = address(t.substring(0, dash).strip());
            byte[] b = address(t.substring(dash + 1).strip());
            return a == null || b == null || a.length != b.length || Arrays.compareUnsigned(a, b) > 0
                    ? null
                    : new IpRange(a, b);
        }
        if (slash >= 0) {
            byte[] a = address(t.substring(0, slash));
            String bits = t.substring(slash + 1);
            if (a == null
                    || bits.isEmpty()
                    || bits.length() > 3
                    || !bits.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return null;
            }
            int n = Integer.parseInt(bits);
            return n > a.length * 8 ? null : block(a, n);
        }
        byte[] a = address(t);
        return a == null ? null : new IpRange(a, a);
    }

    private static IpRange block(byte[] address, int bits) {
        byte[] lo = address.clone();
        byte[] hi = address.clone();
        for (int i = bits; i < address.length * 8; i++) {
            int mask = 1 << (7 - i % 8);
            lo[i / 8] &= (byte) ~mask;
            hi[i / 8] |= (byte) mask;
        }
        return new IpRange(lo, hi);
    }

    private boolean contains(byte[] address) {
        return address.length == low.length
                && Arrays.compareUnsigned(low, address) <= 0
                && Arrays.compareUnsigned(address, high) <= 0;
    }

    /** Whether the text is an address in this range. */
    boolean matchesText(String text) {
        byte[] a = address(text);
        return a != null && contains(a);
    }

    /** Whether an address in this range stands anywhere in the line. */
    boolean foundIn(byte[] b, int from, int to) {
        int i = from;
        while (i < to) {
            int span = 0;
            if (isV4Start(b, i, to)) {
                span = span(b, i, to, false);
            } else if (isV6Start(b, i, to)) {
                span = span(b, i, to, true);
            }
            if (span == 0) {
                i++;
                continue;
            }
            int size = span;
            while (size > 1 && b[i + size - 1] == '.') {
                size--; // the end of a sentence
            }
            byte[] a = size > 45 ? null : address(new String(b, i, size, java.nio.charset.StandardCharsets.ISO_8859_1));
            if (a != null && contains(a)) {
                return true;
            }
            i += span;
        }
        return false;
    }

    private static boolean isV4Start(byte[] b, int i, int to) {
        int k = i;
        while (k < to && k < i + 3 && b[k] >= '0' && b[k] <= '9') {
            k++;
        }
        return k > i && k < to && b[k] == '.';
    }

    private static boolean isV6Start(byte[] b, int i, int to) {
        int k = i;
        while (k < to && k < i + 4 && isHex(b[k])) {
            k++;
        }
        return k < to && b[k] == ':' && (k > i || k + 1 < to && b[k + 1] == ':');
    }

    private static int span(byte[] b, int i, int to, boolean v6) {
        int k = i;
        while (k < to && (v6 ? isHex(b[k]) || b[k] == ':' : b[k] >= '0' && b[k] <= '9') || k < to && b[k] == '.') {
            k++;
        }
        return k - i;
    }

    private static boolean isHex(byte c) {
        return c >= '0' && c <= '9' || (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
    }

    /** The bytes of an address in text, or null. */
    static byte @Nullable [] address(String text) {
        int zone = text.indexOf('%');
        String s = zone > 0 && text.indexOf(':') >= 0 ? text.substring(0, zone) : text;
        return s.indexOf(':') >= 0 ? v6(s) : v4(s);
    }

    private static byte @Nullable [] v4(String s) {
        byte[] out = new byte[4];
        int at = 0;
        for (int part = 0; part < 4; part++) {
            int start = at;
            int value = 0;
            while (at < s.length() && s.charAt(at) >= '0' && s.charAt(at) <= '9' && at - start < 4) {
                value = value * 10 + s.charAt(at++) - '0';
            }
            int digits = at - start;
            if (digits == 0 || digits > 3 || value > 255 || digits > 1 && s.charAt(start) == '0') {
                return null;
            }
            out[part] = (byte) value;
            if (part < 3) {
                if (at == s.length() || s.charAt(at) != '.') {
                    return null;
                }
                at++;
            }
        }
        return at == s.length() ? out : null;
    }

    private static byte @Nullable [] v6(String s) {
        int gap = s.indexOf("::");
        String head = gap < 0 ? s : s.substring(0, gap);
        String tail = gap < 0 ? "" : s.substring(gap + 2);
        byte[] a = groups(head);
        byte[] b = groups(tail);
        if (a == null || b == null) {
            return null;
        }
        if (gap < 0) {
            return a.length == 16 ? a : null;
        }
        if (a.length + b.length > 14) {
            return null;
        }
        byte[] out = new byte[16];
        System.arraycopy(a, 0, out, 0, a.length);
        System.arraycopy(b, 0, out, 16 - b.length, b.length);
        return out;
    }

    /** The bytes of groups between colons; the last may be an IPv4 address. */
    private static byte @Nullable [] groups(String s) {
        if (s.isEmpty()) {
            return new byte[0];
        }
        String[] parts = s.split(":", -1);
        byte[] out = new byte[2 * parts.length + 2];
        int n = 0;
        for (int i = 0; i < parts.length; i++) {
            String p = parts[i];
            if (i == parts.length - 1 && p.indexOf('.') >= 0) {
                byte[] v4 = v4(p);
                if (v4 == null) {
                    return null;
                }
                System.arraycopy(v4, 0, out, n, 4);
                n += 4;
                continue;
            }
            if (p.isEmpty() || p.length() > 4 || !p.chars().allMatch(c -> isHex((byte) c) && c < 128)) {
                return null;
            }
            int v = Integer.parseInt(p, 16);
            out[n++] = (byte) (v >> 8);
            out[n++] = (byte) v;
        }
        return n > 16 ? null : Arrays.copyOf(out, n);
    }

    @Override
    public String toString() {
        return new BigInteger(1, low).toString(16) + "-" + new BigInteger(1, high).toString(16);
    }
}
