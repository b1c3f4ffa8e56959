#include "proxy/log.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace gate {
namespace {

iovec part(std::string_view text) noexcept {
  // writev only reads, but iovec has one type for reading and writing.
  return {const_cast<char*>(text.data()), text.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

std::string_view journal_prefix(Level level) noexcept {
  // systemd sets this where stderr goes to the journal (sd-daemon(3)); anywhere else it would be noise.
  static const bool journal =
      std::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (!journal) return {};
  switch (level) {
    case Level::error:
      return "<3>";
    case Level::warning:
      return "<4>";
    case Level::notice:
      return "<5>";
    case Level::info:
      return "<6>";
  }
  return {};
}

}  // namespace

void log(Level level, std::string_view text) noexcept {
  log(level, {text});
}

void log(Level level, std::initializer_list<std::string_view> parts) noexcept {
  std::array<iovec, 9> line{part(journal_prefix(level)), part("msnpgate: ")};
  std::size_t count = 2;
  for (const std::string_view text : parts) {
    if (count + 1 < line.size()) line.at(count++) = part(text);
  }
  line.at(count++) = part("\n");
  // A log that cannot be written has nobody left to tell.
  [[maybe_unused]] const ssize_t ignored = ::writev(STDERR_FILENO, line.data(), static_cast<int>(count));
}

std::optional<std::uint64_t> Trickle::pass(msnp::Moment now) noexcept {
  if (last_ && now - *last_ < interval) {
    ++held_back_;
    return std::nullopt;
  }
  last_ = now;
  return std::exchange(held_back_, 0);
}

}  // namespace gate
