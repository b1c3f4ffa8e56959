#include "proxy/replay_emit.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace gate {
namespace {

constexpr std::size_t held_limit = 8 * 1024 * 1024;

}  // namespace

Emission::Emission(std::filesystem::path directory) : directory_(std::move(directory)) {
  std::error_code failure;
  std::filesystem::create_directories(directory_, failure);
  if (failure) error_ = directory_.string() + ": cannot make the directory: " + failure.message();
}

std::filesystem::path Emission::path_of(const Lane& lane) const {
  return directory_ / (std::to_string(lane.first) +
                       (lane.second == msnp::Direction::to_server ? ".to_server.bin" : ".to_client.bin"));
}

void Emission::begin(std::size_t number) {
  store({number, msnp::Direction::to_server}, {}, false);
  store({number, msnp::Direction::to_client}, {}, false);
}

void Emission::write(std::size_t number, msnp::Direction direction, msnp::Bytes bytes) {
  if (error_) return;
  held_[{number, direction}].append(msnp::as_text(bytes));
  held_bytes_ += bytes.size();
  if (held_bytes_ > held_limit) flush();
}

void Emission::flush() {
  for (const auto& [lane, bytes] : held_) store(lane, bytes, true);
  held_.clear();
  held_bytes_ = 0;
}

void Emission::store(const Lane& lane, const std::string& bytes, bool append) {
  if (error_) return;
  const std::filesystem::path path = path_of(lane);
  std::FILE* const file = std::fopen(path.c_str(), append ? "ab" : "wb");
  bool stored = file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  int reason = errno;
  if (file != nullptr && std::fclose(file) != 0) {
    if (stored) reason = errno;
    stored = false;
  }
  if (!stored) error_ = path.string() + ": cannot write: " + std::generic_category().message(reason);
}

}  // namespace gate
