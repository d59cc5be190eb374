/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

/**
 * A way to reduce samples to a few numbers, kept in a row of a {@code double} array. Rows of zeros are empty; cell 0 is the count.
 * Combining is associative and commutative, so rows may be filled per pane and per thread and put together later.
 */
enum Fold {
    COUNT(1) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            rows[at]++;
        }

        @Override
        void addMany(double[] rows, int at, long count, double sum) {
            rows[at] += count;
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
        }
    },
    SUM(2) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            rows[at]++;
            rows[at + 1] += value;
        }

        @Override
        void addMany(double[] rows, int at, long count, double sum) {
            rows[at] += count;
            rows[at + 1] += sum;
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
            into[at + 1] += from[i + 1];
        }
    },
    MIN(2) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            // any number beats NaN
            if (rows[at]++ == 0 || value < rows[at + 1] || Double.isNaN(rows[at + 1])) {
                rows[at + 1] = value;
            }
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
            if (from[i + 1] < into[at + 1] || Double.isNaN(into[at + 1])) {
                into[at + 1] = from[i + 1];
            }
        }
    },
    MAX(2) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            if (rows[at]++ == 0 || value > rows[at + 1] || Double.isNaN(rows[at + 1])) {
                rows[at + 1] = value;
            }
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
            if (from[i + 1] > into[at + 1] || Double.isNaN(into[at + 1])) {
                into[at + 1] = from[i + 1];
            }
        }
    },
    /** Count, mean and the sum of squared distances from it. */
    MOMENTS(3) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            double n = ++rows[at];
            double delta = value - rows[at + 1];
            rows[at + 1] += delta / n;
            rows[at + 2] += delta * (value - rows[at + 1]);
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            double n = into[at];
            double m = from[i];
            double delta = from[i + 1] - into[at + 1];
            into[at] = n + m;
            into[at + 1] += delta * m / (n + m);
            into[at + 2] += from[i + 2] + delta * delta * n * m / (n + m);
        }
    },
    /** Count, time (as raw bits), stream and value of the earliest sample. */
    FIRST(4) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            if (rows[at]++ == 0 || compare(rows, at, timestampNanos, ordinal) > 0) {
                put(rows, at, timestampNanos, ordinal, value);
            }
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
            if (compare(into, at, time(from, i), (int) from[i + 2]) > 0) {
                System.arraycopy(from, i + 1, into, at + 1, 3);
            }
        }
    },
    /** As {@link #FIRST}, of the latest sample. */
    LAST(4) {
        @Override
        void add(double[] rows, int at, long timestampNanos, int ordinal, double value) {
            // within a stream, the later arrival wins
            if (rows[at]++ == 0 || compare(rows, at, timestampNanos, ordinal) <= 0) {
                put(rows, at, timestampNanos, ordinal, value);
            }
        }

        @Override
        void combineNonEmpty(double[] into, int at, double[] from, int i) {
            into[at] += from[i];
            if (compare(into, at, time(from, i), (int) from[i + 2]) <= 0) {
                System.arraycopy(from, i + 1, into, at + 1, 3);
            }
        }
    };

    private final int width;

    Fold(int width) {
        this.width = width;
    }

    /** Cells of a row. */
    int width() {
        return width;
    }

    /** Adds a sample to the row that begins at {@code at}. */
    abstract void add(double[] rows, int at, long timestampNanos, int ordinal, double value);

    /** Adds samples of which only number and sum are known. */
    void addMany(double[] rows, int at, long count, double sum) {
        throw new UnsupportedOperationException(name() + " needs every sample");
    }

    abstract void combineNonEmpty(double[] into, int at, double[] from, int i);

    /** Adds one row to another. */
    void combine(double[] into, int at, double[] from, int i) {
        if (from[i] == 0) {
            return;
        }
        if (into[at] == 0) {
            for (int c = 0; c < width; c++) {
                into[at + c] = from[i + c];
            }
        } else {
            combineNonEmpty(into, at, from, i);
        }
    }

    private static long time(double[] rows, int at) {
        return Values.bits(rows[at + 1]);
    }

    private static int compare(double[] rows, int at, long timestampNanos, int ordinal) {
        int c = Long.compare(time(rows, at), timestampNanos);
        return c != 0 ? c : Integer.compare((int) rows[at + 2], ordinal);
    }

    private static void put(double[] rows, int at, long timestampNanos, int ordinal, double value) {
        rows[at + 1] = Values.ofBits(timestampNanos);
        rows[at + 2] = ordinal;
        rows[at + 3] = value;
    }
}
