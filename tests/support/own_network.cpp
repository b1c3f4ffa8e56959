#include "tests/support/own_network.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

namespace gate::test {
namespace {

constexpr int no_network = 77;

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  return static_cast<bool>(file.flush());
}

/// Who is not root becomes it in a user name space.
bool enter_own_network() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(CLONE_NEWNET | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) return false;
  if (user == 0) return true;
  return write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
         write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

}  // namespace

void in_own_network(const std::function<void()>& body) {
  std::fflush(nullptr);
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!enter_own_network() || !said_by("ip link set lo up").empty()) ::_exit(no_network);
    body();
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == no_network) GTEST_SKIP() << "this user may make no network name space";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see above";
}

std::string said_by(const std::string& command) {
  // The search path of ordinary users lacks nft.
  const std::string shell = "PATH=$PATH:/usr/sbin:/sbin; exec 2>&1; " + command;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(shell.c_str(), "r"), &::pclose);
  std::string text;
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr)
    text += buffer.data();
  return text;
}

}  // namespace gate::test
