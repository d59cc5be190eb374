/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

/**
 * Whose data it is. 1 to 150 bytes of ASCII letters, digits and {@code !-_.*'()}, and neither {@code .} nor {@code ..}, so that an id is
 * safe as a directory and as a part of an object key.
 */
public record TenantId(String value) implements Comparable<TenantId> {
    /** Longest id, characters. */
    public static final int MAX_LENGTH = 150;

    /** The tenant of everything when multi-tenancy is off. */
    public static final TenantId DEFAULT = new TenantId("fake");

    public TenantId {
        if (value.isEmpty()) {
            throw new RequestException(ErrorCode.UNAUTHORIZED, "no org id");
        }
        if (value.length() > MAX_LENGTH) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST, "tenant ID is too long: max " + MAX_LENGTH + " characters");
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean ok =
                    c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!-_.*'()".indexOf(c) >= 0;
            if (!ok) {
                throw new RequestException(
                        ErrorCode.BAD_REQUEST, "tenant ID '" + value + "' contains unsupported character '" + c + "'");
            }
        }
        if (value.equals(".") || value.equals("..")) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "tenant ID is '.' or '..'");
        }
    }

    @Override
    public int compareTo(TenantId o) {
        return value.compareTo(o.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
