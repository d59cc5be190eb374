/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** A day of logs in minutes, over DynamoDB Local and S3Proxy: what the calls to the stores cost. See docs/cost.md. */
@org.jspecify.annotations.NullMarked
package io.skald.bench.day;
