#include "msnp/output.hpp"

namespace msnp {

void Output::forward(Direction direction, Bytes raw) {
  if (raw.empty()) return;
  Lane& to = lane(direction);
  to.size += raw.size();
  if (!to.slices.empty()) {
    Slice& last = to.slices.back();
    if (last.data != nullptr && last.data + last.size == raw.data()) {
      last.size += raw.size();
      return;
    }
  }
  to.slices.push_back({raw.data(), 0, raw.size()});
}

void Output::write(Direction direction, Bytes bytes) {
  if (bytes.empty()) return;
  Lane& to = lane(direction);
  to.size += bytes.size();
  to.written += bytes.size();
  const std::size_t offset = own_.size();
  own_.append(as_text(bytes));
  if (!to.slices.empty()) {
    Slice& last = to.slices.back();
    if (last.data == nullptr && last.offset + last.size == offset) {
      last.size += bytes.size();
      return;
    }
  }
  to.slices.push_back({nullptr, offset, bytes.size()});
}

void Output::clear() noexcept {
  for (Lane& one : lanes_) {
    one.slices.clear();
    one.resolved.clear();
    one.size = 0;
    one.written = 0;
  }
  own_.clear();
}

bool Output::empty(Direction direction) const noexcept {
  return size(direction) == 0;
}

std::size_t Output::size(Direction direction) const noexcept {
  return lanes_[static_cast<std::size_t>(direction)].size;
}

std::size_t Output::written(Direction direction) const noexcept {
  return lanes_[static_cast<std::size_t>(direction)].written;
}

const std::vector<Bytes>& Output::slices(Direction direction) {
  Lane& from = lane(direction);
  from.resolved.clear();
  for (const Slice& slice : from.slices) {
    const Bytes bytes = slice.data != nullptr ? Bytes{slice.data, slice.size}
                                              : as_bytes(own_).subspan(slice.offset, slice.size);
    from.resolved.push_back(bytes);
  }
  return from.resolved;
}

}  // namespace msnp
