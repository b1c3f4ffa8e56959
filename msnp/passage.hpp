// One inspected frame on its way through, with everything needed to decide about it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"
#include "msnp/frame.hpp"
#include "msnp/identity.hpp"
#include "msnp/judge.hpp"
#include "msnp/limits.hpp"
#include "msnp/output.hpp"
#include "msnp/types.hpp"

namespace msnp {

enum class Fate : std::uint8_t { forward, withhold };

/// Puts bytes of ours into a direction, at a frame boundary only: while a payload streams through there,
/// they wait.
class Injector {
 public:
  /// `waiting` keeps what cannot go yet; it outlives the injector.
  Injector(Output& output, std::array<std::string, 2>& waiting, bool server_open, bool client_open) noexcept
      : output_(output), waiting_(waiting), open_{server_open, client_open} {}

  void inject(Direction direction, std::string_view bytes) {
    const auto lane = static_cast<std::size_t>(direction);
    if (open_[lane]) {
      output_.write(direction, as_bytes(bytes));
    } else {
      waiting_[lane] += bytes;
    }
  }

 private:
  Output& output_;
  std::array<std::string, 2>& waiting_;
  std::array<bool, 2> open_;
};

/// Where a conversation stands at this moment: all that is needed to speak in it.
struct Scene {
  Side side;
  const Identity& who;
  Judge& judge;
  Injector& injector;
  const Limits& limits;
  Moment now;
};

struct Passage : Scene {
  Direction direction;
  const Frame& frame;
  /// The frame as it would go on: `frame.raw`, or its repaired form. It ends with the payload.
  Bytes wire;

  /// Where in `wire` a byte of the payload stands.
  [[nodiscard]] std::size_t place_of(const std::byte* byte) const noexcept {
    return wire.size() - frame.payload.size() + static_cast<std::size_t>(byte - frame.payload.data());
  }
};

}  // namespace msnp
