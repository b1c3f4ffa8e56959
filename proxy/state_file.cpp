#include "proxy/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "proxy/descriptor.hpp"

namespace gate {
namespace {

constexpr std::size_t largest = std::size_t{64} * 1024 * 1024;

[[noreturn]] void fail(const std::filesystem::path& file, int number = errno) {
  throw std::system_error(number, std::generic_category(), file.string());
}

}  // namespace

std::optional<std::string> read_state(const std::filesystem::path& file) {
  const Descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!opened) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(file);
  }
  std::string text;
  std::array<char, 65'536> chunk{};
  for (;;) {
    const ::ssize_t length = ::read(opened.get(), chunk.data(), chunk.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) fail(file);
    if (length == 0) return text;
    if (text.size() + static_cast<std::size_t>(length) > largest) fail(file, EFBIG);
    text.append(chunk.data(), static_cast<std::size_t>(length));
  }
}

void replace_state(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path directory = file.parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory);
  std::filesystem::path draft = file;
  draft += ".new";
  {
    const Descriptor written{::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)};
    if (!written) fail(draft);
    while (!text.empty()) {
      const ::ssize_t length = ::write(written.get(), text.data(), text.size());
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) fail(draft);
      text.remove_prefix(static_cast<std::size_t>(length));
    }
    if (::fsync(written.get()) != 0) fail(draft);
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) fail(file);
  const Descriptor holder{
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!holder || ::fsync(holder.get()) != 0) fail(directory);
}

}  // namespace gate
