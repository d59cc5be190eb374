/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a config record says about itself: its keys with their kinds, descriptions and bounds. A kind outside the few below is a mistake
 * in the record, and fails with {@link IllegalStateException}.
 */
final class Schema {
    /** How a value is written. */
    enum Kind {
        BOOLEAN("true or false"),
        NUMBER("number"),
        BYTES("size"),
        DURATION("duration"),
        TEXT("text"),
        LIST("list"),
        RECORDS("list of sections"),
        SECTION("section"),
        TENANTS("section per tenant");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    /** One key of a record. */
    record Key(String name, Kind kind, RecordComponent component, Setting setting) {
        Object of(Record owner) {
            try {
                return component.getAccessor().invoke(owner);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("cannot read " + component, e);
            }
        }
    }

    private Schema() {}

    static List<Key> keys(Class<?> record) {
        List<Key> out = new ArrayList<>();
        for (RecordComponent c : record.getRecordComponents()) {
            Setting s = c.getAnnotation(Setting.class);
            if (s == null) {
                throw new IllegalStateException(record.getSimpleName() + "." + c.getName() + " has no @Setting");
            }
            out.add(new Key(Keys.of(c.getName()), kind(c, s), c, s));
        }
        return out;
    }

    private static Kind kind(RecordComponent c, Setting s) {
        Class<?> t = c.getType();
        if (t == boolean.class) {
            return Kind.BOOLEAN;
        } else if (t == int.class || t == long.class) {
            return s.bytes() ? Kind.BYTES : Kind.NUMBER;
        } else if (t == Duration.class) {
            return Kind.DURATION;
        } else if (t == String.class || t == Path.class || t == HostPort.class || t.isEnum()) {
            return Kind.TEXT;
        } else if (t == List.class) {
            return itemType(c).isRecord() ? Kind.RECORDS : Kind.LIST;
        } else if (t.isRecord()) {
            return Kind.SECTION;
        } else if (t == Map.class) {
            return Kind.TENANTS;
        }
        throw new IllegalStateException("no way to write a " + t + ": " + c);
    }

    /** The type of a list's items. */
    private static Class<?> itemType(RecordComponent list) {
        return (Class<?>) ((ParameterizedType) list.getGenericType()).getActualTypeArguments()[0];
    }

    /** What the items of a list of sections say where a file says nothing. */
    static Record itemDefaults(Key key) {
        try {
            Field f = itemType(key.component()).getDeclaredField("DEFAULTS");
            return (Record) f.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no DEFAULTS of the items of " + key.component(), e);
        }
    }

    /** The record type of a map's values. */
    static Class<?> valueType(Key key) {
        Type[] args = ((ParameterizedType) key.component().getGenericType()).getActualTypeArguments();
        return (Class<?>) args[1];
    }

    /**
     * Makes a record of values in the order of its components.
     *
     * @throws IllegalArgumentException if the record refuses them
     */
    static <T extends Record> T create(Class<T> type, Object[] values) {
        try {
            RecordComponent[] components = type.getRecordComponents();
            Class<?>[] types = new Class<?>[components.length];
            for (int i = 0; i < types.length; i++) {
                types[i] = components[i].getType();
            }
            Constructor<T> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw refused;
            }
            throw new IllegalStateException("cannot make " + type, e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make " + type, e);
        }
    }
}
