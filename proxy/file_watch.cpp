#include "proxy/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "proxy/log.hpp"

namespace gate {
namespace {

using std::chrono::steady_clock;

// Editors and package tools write several files, or one in several steps.
constexpr std::chrono::milliseconds quiet_time{300};
constexpr std::chrono::milliseconds longest_wait{2'000};
constexpr std::uint32_t interesting = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE |
                                      IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

int open_inotify() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::system_category(), "inotify");
  return fd;
}

/// The directory in which something happens when the file changes, appears or is replaced.
std::filesystem::path directory_of(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path directory = std::filesystem::is_directory(path, ignored) ? path : path.parent_path();
  while (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    directory = directory.parent_path();
  }
  return directory.empty() ? "." : directory;
}

std::set<std::filesystem::path> directories_of(const std::vector<std::filesystem::path>& paths) {
  std::set<std::filesystem::path> directories;
  for (const std::filesystem::path& path : paths) {
    directories.insert(directory_of(path));
    // Behind a symbolic link, what it points to changes elsewhere.
    std::error_code ignored;
    directories.insert(directory_of(std::filesystem::weakly_canonical(path, ignored)));
  }
  return directories;
}

}  // namespace

FileWatch::FileWatch(boost::asio::io_context& io, std::function<void()> changed)
    : events_(io, open_inotify()), quiet_(io), changed_(std::move(changed)) {
  wait();
}

void FileWatch::follow(const std::vector<std::filesystem::path>& paths) {
  const std::set<std::filesystem::path> wanted = directories_of(paths);
  std::map<std::filesystem::path, int> next;
  for (const std::filesystem::path& directory : wanted) {
    // Asked for again, a directory keeps its number; one that was replaced gets another.
    const int number = ::inotify_add_watch(events_.native_handle(), directory.c_str(), interesting);
    if (number >= 0) {
      next.emplace(directory, number);
    } else {
      log(Level::warning, "cannot watch " + directory.string() + ": " +
                              std::system_category().message(errno) + "; changes there are not noticed");
    }
  }
  for (const auto& [directory, number] : watched_) {
    const bool kept = std::any_of(next.begin(), next.end(),
                                  [number = number](const auto& entry) { return entry.second == number; });
    if (!kept) ::inotify_rm_watch(events_.native_handle(), number);
  }
  watched_.swap(next);
}

void FileWatch::wait() {
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (error) return;
                       // What happened is in the files; that something did is enough.
                       alignas(inotify_event) std::array<char, 4'096> events{};
                       while (::read(events_.native_handle(), events.data(), events.size()) > 0) {
                       }
                       settle();
                       wait();
                     });
}

void FileWatch::settle() {
  const steady_clock::time_point now = steady_clock::now();
  if (!std::exchange(pending_, true)) first_ = now;
  quiet_.expires_at(std::min(now + quiet_time, first_ + longest_wait));
  quiet_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    pending_ = false;
    changed_();
  });
}

}  // namespace gate
