#include "proxy/tcp_stream.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gate {
namespace {

using msnp::Bytes;

/// A map node and a heap block: what even a one-byte piece costs.
constexpr std::size_t piece_overhead = 112;

}  // namespace

void TcpFlow::start(std::uint32_t first) noexcept {
  first_ = first;
  started_ = true;
}

std::int64_t TcpFlow::position_of(std::uint32_t sequence) const noexcept {
  const auto expected = static_cast<std::uint32_t>(first_ + static_cast<std::uint64_t>(delivered_));
  return delivered_ + static_cast<std::int32_t>(sequence - expected);
}

void TcpFlow::add(const Segment& segment, std::uint32_t sequence, const TcpLimits& limits,
                  std::size_t& waiting_left, Readable& readable) {
  if (!started_) {
    lost_ = lost_ || segment.payload_size != 0;
    return;
  }
  std::int64_t begin = position_of(sequence);
  const std::int64_t end = begin + static_cast<std::int64_t>(segment.payload_size);
  if (begin > delivered_ + static_cast<std::int64_t>(limits.reach)) {
    lost_ = true;
    return;
  }
  if (segment.fin && !fin_at_ && end >= delivered_) fin_at_ = end;
  // An empty segment behind the FIN has the number after it: that is no byte.
  if (segment.payload_size != 0 || segment.fin) sent_ = std::max(sent_, end);

  Bytes bytes = segment.payload;
  if (begin < delivered_) {
    const auto known = static_cast<std::size_t>(delivered_ - begin);
    bytes = bytes.subspan(std::min(known, bytes.size()));
    begin = delivered_;
  }
  if (fin_at_) {
    const auto room = static_cast<std::size_t>(std::max<std::int64_t>(*fin_at_ - begin, 0));
    bytes = bytes.first(std::min(room, bytes.size()));
  }
  if (bytes.empty()) return;
  if (begin == delivered_ && waiting_.empty()) {
    readable.pieces.push_back(bytes);
    delivered_ += static_cast<std::int64_t>(bytes.size());
    return;
  }
  hold(begin, bytes, limits, waiting_left);
  drain(waiting_left, readable);
}

void TcpFlow::hold(std::int64_t begin, Bytes bytes, const TcpLimits& limits, std::size_t& waiting_left) {
  while (!bytes.empty()) {
    const auto after = waiting_.upper_bound(begin);
    if (after != waiting_.begin()) {
      const auto before = std::prev(after);
      const std::int64_t before_end = before->first + static_cast<std::int64_t>(before->second.size());
      if (before_end > begin) {
        const auto known = std::min(static_cast<std::size_t>(before_end - begin), bytes.size());
        begin += static_cast<std::int64_t>(known);
        bytes = bytes.subspan(known);
        continue;
      }
    }
    const std::size_t room = after == waiting_.end()
                                 ? bytes.size()
                                 : std::min(bytes.size(), static_cast<std::size_t>(after->first - begin));
    const std::size_t cost = room + piece_overhead;
    if (waiting_cost_ + cost > limits.flow_waiting || cost > waiting_left) return give_up(waiting_left);
    waiting_.emplace_hint(
        after, begin,
        std::vector<std::byte>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(room)));
    waiting_cost_ += cost;
    waiting_left -= cost;
    begin += static_cast<std::int64_t>(room);
    bytes = bytes.subspan(room);
  }
}

void TcpFlow::drain(std::size_t& waiting_left, Readable& readable) {
  while (!waiting_.empty() && waiting_.begin()->first == delivered_) {
    auto piece = waiting_.extract(waiting_.begin());
    const std::size_t cost = piece.mapped().size() + piece_overhead;
    waiting_cost_ -= cost;
    waiting_left += cost;
    delivered_ += static_cast<std::int64_t>(piece.mapped().size());
    readable.kept.push_back(std::move(piece.mapped()));
    readable.pieces.emplace_back(readable.kept.back());
  }
}

void TcpFlow::give_up(std::size_t& waiting_left) noexcept {
  lost_ = true;
  waiting_left += waiting_cost_;
  waiting_cost_ = 0;
  waiting_.clear();
}

void TcpFlow::acknowledged(std::uint32_t sequence, const TcpLimits& limits) noexcept {
  if (!started_) return;
  const std::int64_t position = position_of(sequence);
  if (position <= delivered_ + static_cast<std::int64_t>(limits.reach)) {
    acknowledged_ = std::max(acknowledged_, position);
  }
}

bool TcpFlow::complete() const noexcept {
  // A FIN takes one number, and may itself be missing from the capture: no byte of the stream is lost with
  // it.
  return !lost_ && waiting_.empty() && sent_ <= delivered_ && acknowledged_ <= delivered_ + 1;
}

}  // namespace gate
