// Notices that files may have changed, by whatever way an editor or a tool writes them: in place, by
// renaming over them, or by exchanging a symbolic link (inotify(7)). Directories are watched, not files, so
// that a file which is replaced, or appears later, is noticed too. Whether what was said is worth a reload,
// the reader of the files decides.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace gate {

class FileWatch {
 public:
  /// `changed` is called from `io` once things are quiet after a change, or keep changing for too long.
  /// Throws if the system refuses.
  FileWatch(boost::asio::io_context& io, std::function<void()> changed);

  /// Watches these files and directories from now on, and no others; also those that do not exist yet.
  /// What cannot be watched is logged.
  void follow(const std::vector<std::filesystem::path>& paths);

 private:
  void wait();
  void settle();

  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer quiet_;
  std::chrono::steady_clock::time_point first_;  // of the changes not told of yet
  bool pending_ = false;
  std::map<std::filesystem::path, int> watched_;  // directory, and its number for inotify
  std::function<void()> changed_;
};

}  // namespace gate
