/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

/** Reads a {@code server} section: the agent's own, or that of a receiver. Where it listens is for the caller. */
final class ServerReader {
    private ServerReader() {}

    /** The port. */
    static int port(Section s) {
        return (int) Math.min(65_535, s.number("http_listen_port", 80, 0));
    }

    static String host(Section s) {
        return s.text("http_listen_address", "0.0.0.0");
    }

    /** What both kinds have in common and is not about where they listen. */
    static void rest(Section s) {
        s.withoutEffect(
                "there is no gRPC server",
                "grpc_listen_network",
                "grpc_listen_address",
                "grpc_listen_port",
                "grpc_listen_conn_limit",
                "grpc_tls_config",
                "grpc_server_max_recv_msg_size",
                "grpc_server_max_send_msg_size",
                "grpc_server_max_concurrent_streams",
                "grpc_server_max_connection_idle",
                "grpc_server_max_connection_age",
                "grpc_server_max_connection_age_grace",
                "grpc_server_keepalive_time",
                "grpc_server_keepalive_timeout",
                "grpc_server_min_time_between_pings",
                "grpc_server_ping_without_stream_allowed");
        s.withoutEffect(
                "the server has limits of its own",
                "graceful_shutdown_timeout",
                "http_server_read_timeout",
                "http_server_write_timeout",
                "http_server_idle_timeout",
                "http_listen_network",
                "http_listen_conn_limit");
        s.withoutEffect("no page needs it", "external_url", "health_check_target");
        s.withoutEffect("/-/reload is always there", "enable_runtime_reload", "reload");
        s.withoutEffect("/metrics is always there, and no profiles", "register_instrumentation", "profiling_enabled");
        s.withoutEffect(
                "requests are not logged",
                "log_source_ips_enabled",
                "log_source_ips_header",
                "log_source_ips_regex",
                "log_request_headers",
                "log_request_at_info_level_enabled");
        if (!s.text("log_format", "logfmt").equals("logfmt")) {
            s.problem("log_format", "only logfmt is supported");
        }
        if (!s.text("http_path_prefix", "").isEmpty()) {
            s.problem("http_path_prefix", "is not supported by this agent");
        }
        s.unsupportedFor("put a proxy in front of it", "http_tls_config", "tls_cipher_suites", "tls_min_version");
    }
}
