#include "msnp/reassembly.hpp"

#include <algorithm>

namespace msnp {
namespace {

/// Orderly senders complete a message once; published retro-prpl, which repeats packages with a
/// corrected length, up to three times. More is a sender that wants its text read again and again.
constexpr std::uint32_t completions_limit = 8;

/// Writes `data` at `offset`; what was never sent in between stays NUL, as in the clients' buffers.
void place(std::string& text, std::size_t offset, std::string_view data) {
  if (data.empty()) return;
  if (text.size() < offset + data.size()) text.resize(offset + data.size(), '\0');
  text.replace(offset, data.size(), data);
}

}  // namespace

Reassembly::State Reassembly::add(const Fragment& fragment, const Limits& limits) {
  if (packages_++ == 0) {
    first_total_ = fragment.total;
    common_ = fragment.common;
  }
  plausible_ = plausible_ && fits(fragment);
  if (fragment.offset == declared_end_ && fragment.declared >= fragment.data.size()) {
    declared_end_ += fragment.data.size();
  }
  const std::string_view data = as_text(fragment.data);
  if (packages_ > limits.packages_per_message || fragment.offset > limits.slp_text ||
      fragment.offset + data.size() > limits.slp_text || in_order_.size() + data.size() > limits.slp_text) {
    return State::over_limit;
  }
  const auto offset = static_cast<std::size_t>(fragment.offset);
  const std::string_view declared = data.substr(0, std::min<std::size_t>(fragment.declared, data.size()));

  if (!differ_ && (offset != in_order_.size() || fragment.declared != data.size())) split_readings();
  if (differ_) {
    place(by_offset_, offset, data);
    place(by_declared_, offset, declared);
    if (offset == in_sequence_.size()) in_sequence_.append(data);
  }
  in_order_.append(data);

  const std::size_t furthest = differ_ ? std::max(by_offset_.size(), in_order_.size()) : in_order_.size();
  const std::uint64_t end = fragment.offset + std::max<std::uint64_t>(fragment.declared, data.size());
  const bool somebody = end >= fragment.total || furthest >= fragment.total || furthest >= first_total_;
  const bool complete = plausible_ ? sequence().size() >= first_total_ : somebody;
  if (!complete) return State::open;
  return ++completions_ > completions_limit ? State::over_limit : State::complete;
}

bool Reassembly::fits(const Fragment& fragment) const noexcept {
  if (fragment.total != first_total_ || fragment.common != common_) return false;
  const std::string_view before = sequence();
  if (fragment.offset == before.size()) return !fragment.out_of_turn;
  return fragment.may_repeat && fragment.offset < before.size() &&
         before.substr(static_cast<std::size_t>(fragment.offset), fragment.data.size()) ==
             as_text(fragment.data);
}

void Reassembly::split_readings() {
  differ_ = true;
  by_offset_ = in_order_;
  by_declared_ = in_order_;
  in_sequence_ = in_order_;
}

std::span<const std::string_view> Reassembly::readings() noexcept {
  std::size_t count = 0;
  const auto offer = [&](std::string_view text) {
    const auto known = std::span{views_}.first(count);
    if (!text.empty() && std::find(known.begin(), known.end(), text) == known.end()) views_[count++] = text;
  };
  if (differ_) {
    offer(by_offset_);
    offer(by_declared_);
    offer(in_sequence_);
  }
  offer(in_order_);
  return std::span{views_}.first(count);
}

std::size_t Reassembly::footprint() const noexcept {
  return in_order_.capacity() + by_offset_.capacity() + by_declared_.capacity() + in_sequence_.capacity();
}

}  // namespace msnp
