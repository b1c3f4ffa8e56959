#include "proxy/connection_kind.hpp"

#include <algorithm>

#include "msnp/detect.hpp"
#include "msnp/http_gateway.hpp"

namespace gate {
namespace {

/// A request line of the gateway is shorter: a host, the path, four parameters.
constexpr std::size_t request_line_limit = 2048;

/// `POST /gateway/gateway.dll?...` or `POST http://host/gateway/gateway.dll?...` (framing.md 3.1).
bool asks_for_gateway(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view target = line.substr(blank + 1);
  return msnp::gateway_path(target.substr(0, target.find(' '))) != msnp::GatewayPath::no;
}

ConnectionKind kind_of_http(std::string_view first) {
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

ConnectionKind FirstBytes::kind() const {
  if (decided_) return *decided_;
  if (!first_.empty() && msnp::detect(msnp::as_bytes(first_)) == msnp::Protocol::http)
    return kind_of_http(first_);
  return first_.empty() && !server_spoke_ ? ConnectionKind::empty : ConnectionKind::other;
}

}  // namespace gate
