#include "proxy/ulid.hpp"

#include <sys/random.h>

#include <algorithm>
#include <string_view>

namespace gate {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t ulid_size = 26;

}  // namespace

std::string UlidSource::next(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::uint64_t now = static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)) & 0xFFFF'FFFF'FFFFU;
  bool fresh = now > milliseconds_;
  if (fresh) milliseconds_ = now;
  if (!fresh) {
    auto byte = random_.rbegin();
    while (byte != random_.rend() && ++*byte == 0) ++byte;
    if (byte == random_.rend()) {
      ++milliseconds_;
      fresh = true;
    }
  }
  if (fresh) {
    // As many bytes as this come whole once the kernel's generator is seeded, long before any gateway runs.
    (void)!::getrandom(random_.data(), random_.size(), 0);
  }

  // 128 bits make 26 digits of 5; the first digit holds the 3 bits that are left over.
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i)
    bytes.at(i) = static_cast<std::uint8_t>(milliseconds_ >> (40U - 8U * i));
  std::copy(random_.begin(), random_.end(), bytes.begin() + 6);
  std::string text(ulid_size, '0');
  std::uint32_t bits = 0;
  std::uint32_t held = 2;  // two zero bits in front make 130, a multiple of 5
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text.at(at++) = crockford[(bits >> held) & 0x1FU];
    }
  }
  return text;
}

}  // namespace gate
