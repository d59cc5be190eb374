/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * What the stores on AWS share: how clients are made, how failures are told apart, and what their calls are counted as. For the packages
 * {@code s3} and {@code dynamodb} only.
 */
@org.jspecify.annotations.NullMarked
package io.skald.storage.aws;
