#include "proxy/nft.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "proxy/descriptor.hpp"

namespace gate {
namespace {

// Input and output of nft are anonymous files: nothing to wait for while it reads or writes them.

bool fill(const Descriptor& file, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(file.get(), 0, SEEK_SET) == 0;
}

/// At most 64 KiB, enough for what nft complains of.
std::string text_of(const Descriptor& file) {
  std::string text(65'536, '\0');
  const ::ssize_t length = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

std::string error_text(int number) {
  return std::generic_category().message(number);
}

/// Starts `program -f -` with `input` and `errors`; 0, or the number of the error. With `-c` nothing changes.
int start(const char* program, Trial trial, const Descriptor& input, const Descriptor& errors,
          ::pid_t& child) {
  ::posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions)) return error;
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  std::string name = program;
  std::string option = trial == Trial::dry ? "-cf" : "-f";
  std::string file = "-";
  const std::array<char*, 4> arguments{name.data(), option.data(), file.data(), nullptr};
  const int error = ::posix_spawnp(&child, program, &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

std::optional<std::string> run_nft(const std::string& ruleset, Trial trial) {
  const Descriptor input(::memfd_create("ruleset", MFD_CLOEXEC));
  const Descriptor errors(::memfd_create("errors", MFD_CLOEXEC));
  if (!input || !errors || !fill(input, ruleset)) return "no memory for the ruleset: " + error_text(errno);
  ::pid_t child = 0;
  int error = start("nft", trial, input, errors, child);
  // The search path of ordinary users lacks it.
  if (error == ENOENT) error = start("/usr/sbin/nft", trial, input, errors, child);
  if (error == ENOENT) return "the program nft is not there; install the package nftables";
  if (error != 0) return "the program nft cannot be started: " + error_text(error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return "the program nft was lost: " + error_text(errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  std::string said = text_of(errors);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.find("Operation not permitted") != std::string::npos) {
    return "not permitted; changing rules takes root or the capability CAP_NET_ADMIN";
  }
  return "nft refused the ruleset: " + (said.empty() ? "status " + std::to_string(status) : said);
}

}  // namespace gate
