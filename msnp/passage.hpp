// One inspected frame on its way through, with everything needed to decide about it.
#pragma once

#include <array>
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

struct Passage {
  Direction direction;
  Side side;
  const Frame& frame;
  /// The frame as it would go on: `frame.raw`, or its repaired form.
  Bytes wire;
  const Identity& who;
  Judge& judge;
  Injector& injector;
  const Limits& limits;
  Moment now;
};

}  // namespace msnp
