// The configuration file: TOML to typed settings (decisions.md 6). Policy is replaced as a whole by a
// reload; which parts of Boot are, and which take a restart, is told by reload_scope.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/admin_settings.hpp"
#include "proxy/config_source.hpp"
#include "proxy/http_settings.hpp"
#include "proxy/policy.hpp"

namespace gate {

enum class ListenerMode : std::uint8_t { redirect, tproxy, fixed };

struct ListenerSettings {
  boost::asio::ip::tcp::endpoint bind;
  ListenerMode mode = ListenerMode::redirect;
  std::optional<boost::asio::ip::tcp::endpoint> upstream;  // fixed only
  bool operator==(const ListenerSettings&) const = default;
};

struct LimitSettings {
  std::size_t sessions = 9'000;             // per process
  std::size_t sessions_per_source = 512;    // per client address
  std::size_t new_sessions = 0;             // per second, of the process; 0 = no limit
  std::size_t new_sessions_per_source = 0;  // per second and client address
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds first_command_timeout{30'000};
  std::chrono::milliseconds idle_timeout{0};        // 0 = never: a quiet user stays signed in
  std::chrono::milliseconds close_timeout{30'000};  // half-closed connections
  std::size_t session_memory = 1024 * 1024;
  std::size_t memory = 256 * 1024 * 1024;
  bool operator==(const LimitSettings&) const = default;
};

/// A table for people, the line as it stands in the log, comma-separated values (RFC 4180), or the fields of
/// the Elastic Common Schema (the mapping is in msnpgate-audit(1)).
enum class AuditFormat : std::uint8_t { table, json, csv, ecs };

enum class AuditSync : std::uint8_t { never, interval, always };

/// Where the audit log is sent (proxy/audit_export.hpp).
struct AuditExportSettings {
  enum class To : std::uint8_t { journald, syslog_udp, syslog_tcp, syslog_tls, file } to = To::journald;
  std::string host{};  // syslog
  std::string port{};
  std::filesystem::path path{};  // file; journald: another socket than the usual one
  std::filesystem::path ca{};    // TLS; empty: what the machine trusts
  std::filesystem::path certificate{};
  std::filesystem::path certificate_key{};
  std::string server_name{};  // in the collector's certificate; empty: host
  AuditFormat format = AuditFormat::json;
  int facility = 16;               // syslog: local0
  std::filesystem::path cursor{};  // how far the receiver has it
  bool operator==(const AuditExportSettings&) const = default;
};

struct AuditSettings {
  std::filesystem::path path;  // empty: no file (replay)
  AuditSync fsync = AuditSync::never;
  std::chrono::milliseconds fsync_interval{1'000};
  std::filesystem::path key{};  // signs checkpoints; empty: none are written
  std::chrono::milliseconds checkpoint_interval{5 * 60'000};
  std::uint64_t rotate_size = 64 * 1024 * 1024;          // 0: never
  std::chrono::milliseconds rotate_age{24 * 3'600'000};  // 0: never
  bool compress = true;                                  // closed segments
  std::uint64_t keep_size = 0;                           // of all segments; 0: everything
  std::chrono::milliseconds keep_age{0};                 // 0: for ever
  std::vector<AuditExportSettings> exports{};
  std::filesystem::path account_key{};  // accounts are hashed with it; empty: they are not
  bool operator==(const AuditSettings&) const = default;
};

/// A whole range of ports, the last one too.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool operator==(const PortRange&) const = default;
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return static_cast<std::size_t>(last - first) + 1;
  }
  [[nodiscard]] constexpr bool contains(std::uint16_t port) const noexcept {
    return port >= first && port <= last;
  }
};

/// What becomes of an address that a server sends a client to, when its port is not intercepted.
enum class FollowMode : std::uint8_t {
  set,      // the kernel intercepts it too, for some time
  rewrite,  // the client is told a port that is intercepted
  off,      // it is left alone
};

/// What holds while no gateway is alive.
enum class WhenDead : std::uint8_t { closed, open };

struct InterceptSettings {  // what `rules` turns into nftables and policy routing
  std::vector<std::uint16_t> ports{1863, 1864, 1865};
  std::vector<std::string> interfaces;  // empty: all
  std::vector<Rule::Network> exempt;    // destinations left alone
  /// Not written: `set` with a tproxy listener, which has the capability that it takes; else `rewrite`.
  std::optional<FollowMode> follow;
  std::chrono::milliseconds follow_for{120'000};  // how long a ticket for a switchboard is good
  PortRange follow_ports{47'101, 47'164};         // that stand for others, for `rewrite`
  WhenDead when_dead = WhenDead::closed;
  std::chrono::milliseconds dead_after{10'000};  // without a sign of life
  // Numbers that tproxy needs, and nobody else on this machine may use.
  std::uint32_t mark = 0x4D53;  // of packets for our sockets; the number after it: see client_mark
  std::uint32_t table = 1863;   // of routes, that delivers what is marked
  std::uint32_t zone = 1863;    // of conntrack, for the client's side of a diverted connection
  bool operator==(const InterceptSettings&) const = default;
};

/// The mark of packets to clients of a transparent listener.
[[nodiscard]] constexpr std::uint32_t client_mark(const InterceptSettings& intercept) noexcept {
  return intercept.mark + 1;
}
struct HttpIntercept {                   // web ports that `rules` hands over besides
  std::vector<std::uint16_t> ports;      // such as 80; none: who falls back to HTTP passes unread
  std::vector<Rule::Network> addresses;  // with `hosts` the only destinations; both empty: all
  std::vector<std::string> hosts;        // names, resolved when rules are made

  bool operator==(const HttpIntercept&) const = default;
};

enum class StopMode : std::uint8_t { close, drain };

struct ServiceSettings {
  bool watch = false;                               // reload when a file changes
  StopMode stop = StopMode::close;                  // what SIGTERM does
  std::chrono::milliseconds drain_timeout{60'000};  // sessions still open then are closed
  bool operator==(const ServiceSettings&) const = default;
};

/// A new member is given its place in reload_scope.cpp.
struct Boot {
  std::vector<ListenerSettings> listeners;
  std::size_t threads = 1;
  LimitSettings limits;
  AuditSettings audit;
  InterceptSettings intercept;
  /// What the gateway keeps for itself: grants, policies that were in force.
  std::filesystem::path state;
  AdminSettings admin;
  ServiceSettings service;
  HttpSettings http;
  HttpIntercept http_intercept;
};

/// How redirects are followed, for listeners that take intercepted connections.
[[nodiscard]] FollowMode follow_mode(const Boot& boot) noexcept;

/// One thing wrong with a file, ready to print: "gateway.toml:14:9: rule[2].users: found ..., ...".
struct ConfigError {
  std::filesystem::path file;
  std::uint32_t line = 0;  // 0: the file as a whole
  std::uint32_t column = 0;
  std::string key;
  std::string message;
};
[[nodiscard]] std::string to_string(const ConfigError& error);

struct Config {
  Boot boot;
  std::shared_ptr<const Policy> policy;
  std::vector<std::filesystem::path> files;  // in the order they were read
  PolicyText text;                           // what they said
  /// Where patterns of `include` look: a new file there may belong to the configuration.
  std::vector<std::filesystem::path> include_directories;
};

/// Reads and validates everything; reports every error found, not only the first. Paths in the file
/// are relative to its directory.
[[nodiscard]] std::variant<Config, std::vector<ConfigError>> load_config(
    const std::filesystem::path& file, const ConfigSource& sources = DiskSource());

/// What `run` needs beyond a valid file: at least one listener.
[[nodiscard]] std::optional<ConfigError> missing_for_run(const Config& config,
                                                         const std::filesystem::path& file);

/// Every key of the file, such as "limits.sessions" and "rule.users"; `[groups]` has none of its own.
[[nodiscard]] std::vector<std::string> known_keys();

/// What holds without a file: block, no listeners. For `replay`.
[[nodiscard]] Config default_config();

}  // namespace gate
