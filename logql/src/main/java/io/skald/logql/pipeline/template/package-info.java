/** The template language of {@code line_format} and {@code label_format}: Go's text/template as far as LogQL documents it. For the pipeline. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.pipeline.template;
