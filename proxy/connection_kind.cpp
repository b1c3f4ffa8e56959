#include "proxy/connection_kind.hpp"

#include <algorithm>

#include "msnp/detect.hpp"

namespace gate {
namespace {

/// A request line of the gateway is shorter: a host, the path, four parameters.
constexpr std::size_t request_line_limit = 2048;

bool starts_with_folded(std::string_view text, std::string_view lower) noexcept {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(),
                                                   [&](char want, char is) { return fold(is) == want; });
}

/// `POST /gateway/gateway.dll?...` or `POST http://host/gateway/gateway.dll?...` (framing.md 3.1).
bool asks_for_gateway(std::string_view line) noexcept {
  constexpr std::string_view scheme = "http://";
  constexpr std::string_view path = "/gateway/gateway.dll";
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  std::string_view target = line.substr(blank + 1);
  if (starts_with_folded(target, scheme)) {
    const std::size_t slash = target.find('/', scheme.size());
    if (slash == std::string_view::npos) return false;
    target.remove_prefix(slash);
  }
  if (!starts_with_folded(target, path)) return false;
  target.remove_prefix(path.size());
  return target.empty() || target.front() == '?' || target.front() == ' ';
}

ConnectionKind kind_of_http(std::string_view first) noexcept {
  return asks_for_gateway(first.substr(0, first.find_first_of("\r\n"))) ? ConnectionKind::http_gateway
                                                                        : ConnectionKind::http;
}

}  // namespace

std::string_view name_of(ConnectionKind kind) noexcept {
  constexpr std::array<std::string_view, connection_kind_count> names{
      "notification", "switchboard", "http-gateway",         "http", "msnftp", "p2p-direct",
      "tls",          "empty",       "began-before-capture", "other"};
  return names.at(static_cast<std::size_t>(kind));
}

void FirstBytes::see_client(msnp::Bytes bytes) {
  if (decided_) return;
  first_.append(msnp::as_text(bytes.first(std::min(bytes.size(), request_line_limit - first_.size()))));
  switch (msnp::detect(msnp::as_bytes(first_))) {
    case msnp::Protocol::need_more:
      if (first_.size() == request_line_limit) decided_ = ConnectionKind::other;
      break;
    case msnp::Protocol::notification:
      decided_ = ConnectionKind::notification;
      break;
    case msnp::Protocol::switchboard:
      decided_ = ConnectionKind::switchboard;
      break;
    case msnp::Protocol::http:
      if (first_.size() == request_line_limit || first_.find('\n') != std::string::npos) {
        decided_ = kind_of_http(first_);
      }
      break;
    case msnp::Protocol::msnftp:
      decided_ = ConnectionKind::msnftp;
      break;
    case msnp::Protocol::p2p_direct:
      decided_ = ConnectionKind::p2p_direct;
      break;
    case msnp::Protocol::tls:
      decided_ = ConnectionKind::tls;
      break;
    case msnp::Protocol::other:
      decided_ = ConnectionKind::other;
      break;
  }
  if (decided_) first_ = {};
}

ConnectionKind FirstBytes::kind() const noexcept {
  if (decided_) return *decided_;
  if (!first_.empty() && msnp::detect(msnp::as_bytes(first_)) == msnp::Protocol::http)
    return kind_of_http(first_);
  return first_.empty() && !server_spoke_ ? ConnectionKind::empty : ConnectionKind::other;
}

}  // namespace gate
