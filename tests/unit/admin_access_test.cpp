#include "proxy/admin_access.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/descriptor.hpp"
#include "tests/support/config_files.hpp"

namespace {

using gate::AdminTokens;
using gate::Descriptor;
using gate::Role;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr const char* viewer_token = "0123456789abcdef0123456789abcdef";
constexpr const char* admin_token = "fedcba9876543210fedcba9876543210";

class AdminTokensFile : public testing::Test {
 protected:
  AdminTokens read(const std::string& text) {
    const auto file = files.write("tokens", text);
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    return AdminTokens(file);
  }
  support::Files files;
};

TEST_F(AdminTokensFile, ATokenHasTheRoleOfItsLine) {
  const AdminTokens tokens =
      read(std::string("# tokens\n\nviewer ") + viewer_token + "\nadmin " + admin_token);
  const auto viewer = tokens.caller(std::string("Bearer ") + viewer_token);
  ASSERT_TRUE(viewer);
  EXPECT_EQ(viewer->role, Role::viewer);
  EXPECT_EQ(viewer->who, "token of line 3");
  EXPECT_EQ(tokens.caller(std::string("Bearer ") + admin_token)->role, Role::admin);
}

TEST_F(AdminTokensFile, NothingElseIsAToken) {
  const AdminTokens tokens = read(std::string("admin ") + admin_token + '\n');
  for (const std::string& shown :
       {std::string(), std::string(admin_token), std::string("Bearer "), std::string("Basic ") + admin_token,
        std::string("Bearer ") + admin_token + '0', std::string("Bearer ") + viewer_token}) {
    EXPECT_FALSE(tokens.caller(shown)) << shown;
  }
}

TEST_F(AdminTokensFile, ABadLineIsNamed) {
  for (const std::string& line :
       {std::string("root ") + admin_token, std::string("admin short"), std::string("admin"),
        std::string("admin  ") + admin_token, std::string("admin ") + admin_token + "\t"}) {
    EXPECT_THAT([&] { read("# first\n" + line + '\n'); },
                ThrowsMessage<std::runtime_error>(HasSubstr("tokens:2: write `viewer TOKEN`")))
        << line;
  }
}

TEST_F(AdminTokensFile, AFileThatEverybodyReadsIsRefused) {
  const auto file = files.write("tokens", "");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  EXPECT_THAT([&] { AdminTokens{file}; }, ThrowsMessage<std::runtime_error>(HasSubstr("chmod o-rwx")));
}

TEST(AdminAccess, RootAndTheOwnerAreAdminsOthersAreViewers) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  const Descriptor one{pair[0]};
  const Descriptor other{pair[1]};
  const bool root = ::geteuid() == 0;
  const gate::SocketOwnership mine{::geteuid(), ::getegid(), std::nullopt};
  EXPECT_EQ(gate::local_caller(one.get(), mine).role, Role::admin);
  const gate::SocketOwnership foreign{::geteuid() + 1, ::getegid(), std::nullopt};
  EXPECT_EQ(gate::local_caller(one.get(), foreign).role, root ? Role::admin : Role::viewer);
  const gate::SocketOwnership group{::geteuid() + 1, ::getegid(), ::getegid()};
  EXPECT_EQ(gate::local_caller(one.get(), group).role, Role::admin);
}

TEST(AdminAccess, AnUnknownNameIsToldWithItsKey) {
  gate::AdminSettings settings;
  settings.owner = "no-such-user";
  EXPECT_THAT([&] { (void)gate::socket_ownership(settings); },
              ThrowsMessage<std::runtime_error>(HasSubstr("admin.owner")));
  settings.owner = "root";
  settings.admin_group = "no-such-group";
  EXPECT_THAT([&] { (void)gate::socket_ownership(settings); },
              ThrowsMessage<std::runtime_error>(HasSubstr("admin.admin_group")));
}

}  // namespace
