/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Segments as objects of S3, or of a store that speaks its protocol. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.s3;
