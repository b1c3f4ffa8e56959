#include "msnp/data_run.hpp"

#include <cstring>
#include <string_view>

#include "msnp/ascii.hpp"
#include "msnp/commands.hpp"
#include "msnp/p2p.hpp"

namespace msnp {
namespace {

constexpr std::string_view command = "MSG ";
constexpr std::size_t offset_at = 8;  // in the P2P header
constexpr std::size_t offset_size = 8;

}  // namespace

DataRun::DataRun(Direction direction, const Frame& first, std::size_t header) noexcept
    : numbered_(direction == Direction::to_server) {
  const Bytes behind = first.raw.subspan(command.size());
  const Bytes fixed =
      behind.subspan(numbered_ ? leading_digits(as_text(behind), most_transaction_digits) : 0);
  const std::size_t header_begin = fixed.size() - first.payload.size() + header;
  head_ = fixed.first(header_begin + offset_at);
  header_end_ =
      fixed.subspan(header_begin + offset_at + offset_size, p2p_v1_header - offset_at - offset_size);
  size_ = fixed.size();
}

std::size_t DataRun::extent(Bytes rest) const noexcept {
  std::size_t end = 0;
  while (const std::size_t size = like_first(rest.data() + end, rest.size() - end)) end += size;
  return end;
}

std::size_t DataRun::like_first(const std::byte* at, std::size_t left) const noexcept {
  if (left < command.size() + size_ || std::memcmp(at, command.data(), command.size()) != 0) return 0;
  std::size_t front = command.size();
  if (numbered_) {
    const std::size_t digits =
        leading_digits(as_text(Bytes(at + front, left - front)), most_transaction_digits);
    if (digits == 0) return 0;
    front += digits;
  }
  if (left < front + size_) return 0;
  const std::byte* const fixed = at + front;
  const bool like =
      std::memcmp(fixed, head_.data(), head_.size()) == 0 &&
      std::memcmp(fixed + head_.size() + offset_size, header_end_.data(), header_end_.size()) == 0;
  return like ? front + size_ : 0;
}

}  // namespace msnp
