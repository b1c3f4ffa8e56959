// What a request to the HTTP gateway asks for, and what an answer tells (framing.md 9). HTTP itself is read
// elsewhere: here come a request target and the value of one header.
//
//   POST http://host/gateway/gateway.dll?Action=poll&SessionID=1234.56
//   X-MSN-Messenger: SessionID=1234.57; GW-IP=192.0.2.9; Session=close
//
// The one rule: what two servers could read differently is Uncertain, and nobody guesses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "msnp/types.hpp"

namespace msnp {

/// Whether a request target names `/gateway/gateway.dll`, in any case.
enum class GatewayPath : std::uint8_t {
  no,
  yes,
  odd,  // only some servers would find the gateway there: `/x/../gateway/gateway.dll`, `\gateway\gateway.dll`
};
[[nodiscard]] GatewayPath gateway_path(std::string_view target);

enum class GatewayAction : std::uint8_t {
  open,  // no SessionID, or an empty one (BitlBee): Escargot looks at nothing else
  data,  // the body is a piece of the stream
  poll,  // the body is empty
};

/// Why something could be read in more than one way, for an audit record.
struct Uncertain {
  std::string_view why;
};

struct GatewayRequest {
  GatewayAction action = GatewayAction::data;
  Side side = Side::notification;  // where it opens to
  std::string_view session;        // what names the session; empty when it opens. A view into the target
};
/// `target` is one whose path is the gateway's.
[[nodiscard]] std::variant<GatewayRequest, Uncertain> read_gateway_request(std::string_view target);

struct GatewayAnswer {
  std::string_view session;  // what names the session; empty if the server left it out
  bool closes = false;       // Session=close: there will be no other answer
};
/// Reads the value of X-MSN-Messenger; views point into it.
[[nodiscard]] std::variant<GatewayAnswer, Uncertain> read_gateway_answer(std::string_view value);

/// The target of a poll without its `Action=poll`: the same session, and the body counts.
[[nodiscard]] std::string without_poll(std::string_view target);

}  // namespace msnp
