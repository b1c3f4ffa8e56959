#include "msnp/object_watch.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "msnp/base64.hpp"

namespace msnp {
namespace {

/// OpenSSL keeps about this much behind a Sha1.
constexpr std::size_t sha1_footprint = 256;

bool is_preparation(std::uint64_t offset, std::uint64_t total, Bytes data) noexcept {
  return offset == 0 && total == 4 && data.size() == 4 &&
         std::all_of(data.begin(), data.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

/// Offsets and totals are 64 bit on the wire and hostile.
std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

}  // namespace

ObjectWatch::ObjectWatch(std::optional<std::uint64_t> declared_size, const std::string& sha1d,
                         std::unique_ptr<Sha1> sha1)
    : size_(declared_size) {
  const std::string digest = decode_base64(sha1d, digest_.size() + 1);
  if (digest.size() != digest_.size()) return;
  std::transform(digest.begin(), digest.end(), digest_.begin(),
                 [](char byte) { return static_cast<std::byte>(byte); });
  sha1_ = std::move(sha1);
}

std::size_t ObjectWatch::footprint() const noexcept {
  return sizeof *this + (sha1_ ? sha1_footprint : 0);
}

void ObjectWatch::begin_again() {
  if (!proven_) repeated_ = sum(repeated_, counted_);
  if (hashed_) (void)sha1_->finish();
  hashed_ = false;
  counted_ = 0;
  in_order_ = true;
  complete_ = false;
  proven_ = false;
}

bool ObjectWatch::take(std::uint64_t offset, std::uint64_t total, Bytes data) {
  const std::uint64_t end = sum(offset, data.size());
  if (in_order_ && end <= counted_) {
    repeated_ = sum(repeated_, data.size());
    return false;
  }
  const bool follows = in_order_ && offset == counted_ && !complete_;
  in_order_ = follows;
  proven_ = false;
  counted_ = sum(counted_, data.size());
  if (follows && sha1_) {
    sha1_->add(data);
    hashed_ = true;
  }
  return end >= total || counted_ >= total;
}

bool ObjectWatch::over_size(std::uint64_t total) const noexcept {
  return size_ && (total > *size_ || counted_ > *size_ || repeated_ > *size_);
}

bool ObjectWatch::digest_is_right() {
  if (!in_order_) return false;
  hashed_ = false;
  return sha1_->finish() == digest_;
}

ObjectWatch::Finding ObjectWatch::add(std::uint64_t offset, std::uint64_t total, Bytes data) {
  if (data.empty() || is_preparation(offset, total, data)) return Finding::fine;
  if (offset == 0 && counted_ > 0) begin_again();
  const bool ends = take(offset, total, data);
  if (ends && sha1_) {
    proven_ = digest_is_right();
    wrong_digest_ = wrong_digest_ || !proven_;
  }
  complete_ = complete_ || ends;

  if (!told_size_ && over_size(total)) {
    told_size_ = true;
    return Finding::over_size;
  }
  if (!told_digest_ && wrong_digest_) {
    told_digest_ = true;
    return Finding::wrong_digest;
  }
  return Finding::fine;
}

}  // namespace msnp
