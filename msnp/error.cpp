#include "msnp/error.hpp"

namespace msnp {

std::string_view message_of(Error error) noexcept {
  switch (error) {
    case Error::line_too_long:
      return "command line too long";
    case Error::malformed_line:
      return "malformed command line";
    case Error::not_canonical:
      return "command line not in its canonical spelling";
    case Error::wrong_arity:
      return "wrong number of tokens";
    case Error::bad_length:
      return "bad payload length";
    case Error::payload_too_long:
      return "payload too long";
    case Error::ambiguous_command:
      return "unknown command that hides a message under one of its readings";
    case Error::forbidden_command:
      return "command that is never sent on this connection";
    case Error::not_msnp:
      return "not the messenger protocol";
  }
  return "unknown error";
}

}  // namespace msnp
