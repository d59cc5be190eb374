/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The index in one table of DynamoDB, which many processes share. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.dynamodb;
