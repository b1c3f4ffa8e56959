#include "proxy/admin_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/admin_client.hpp"
#include "tests/support/config_files.hpp"

namespace {

namespace http = boost::beast::http;
using gate::AdminRequest;
using gate::AdminResponse;
using gate::AdminServer;
using gate::AdminSettings;
using gate::ask_admin;
using gate::Role;
using http::verb;
using testing::HasSubstr;
using testing::ThrowsMessage;

gate::AdminRoutes routes() {
  return {
      {.path = "/quick",
       .role = Role::none,
       .answer = [](const AdminRequest& request) { return AdminResponse{.body = request.who}; },
       .quick = true},
      {.path = "/broken",
       .answer = [](const AdminRequest&) -> AdminResponse { throw std::runtime_error("x"); }},
      {.method = verb::post, .path = "/echo", .role = Role::admin, .answer = [](const AdminRequest& request) {
         return AdminResponse{.body = request.body};
       }}};
}

class AdminServerAtASocket : public testing::Test {
 protected:
  AdminServerAtASocket() {
    settings.socket = files.directory() / "admin.sock";
    settings.socket_written = true;
  }
  support::Files files;
  AdminSettings settings;
};

TEST_F(AdminServerAtASocket, AnswersItsRoutes) {
  const AdminServer server(settings, routes());
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick").status, 200U);
  EXPECT_EQ(ask_admin(settings.socket, verb::post, "/echo", "{\"a\":1}").body, "{\"a\":1}");
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/none").status, 404U);
}

TEST_F(AdminServerAtASocket, AHandlerThatThrowsIsA500AndTheServerGoesOn) {
  const AdminServer server(settings, routes());
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/broken").status, 500U);
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick").status, 200U);
}

TEST_F(AdminServerAtASocket, ABodyBeyondItsLimitIsRefused) {
  const AdminServer server(settings, routes());
  EXPECT_EQ(ask_admin(settings.socket, verb::post, "/echo", std::string(64 * 1024, 'x')).status, 200U);
  EXPECT_EQ(ask_admin(settings.socket, verb::post, "/echo", std::string(64 * 1024 + 1, 'x')).status, 413U);
}

TEST_F(AdminServerAtASocket, AHeaderBeyondItsLimitIsRefused) {
  const AdminServer server(settings, routes());
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick?" + std::string(20'000, 'x')).status, 431U);
}

TEST_F(AdminServerAtASocket, TheSocketHasItsModeAndGoesWithTheServer) {
  settings.mode = 0600;
  {
    const AdminServer server(settings, routes());
    struct stat status {};
    ASSERT_EQ(::stat(settings.socket.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(settings.socket));
}

TEST_F(AdminServerAtASocket, ASocketInUseIsRefusedAndStaysInUse) {
  const AdminServer first(settings, routes());
  EXPECT_THAT([&] { const AdminServer second(settings, routes()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("in use by another process")));
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick").status, 200U);
}

TEST_F(AdminServerAtASocket, ASocketThatAKilledGatewayLeftIsReplaced) {
  {
    const gate::Descriptor left{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    settings.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  const AdminServer server(settings, routes());
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick").status, 200U);
}

TEST_F(AdminServerAtASocket, AFileInItsPlaceIsLeftAlone) {
  std::ofstream(settings.socket) << "precious";
  EXPECT_THAT([&] { const AdminServer server(settings, routes()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("is no socket")));
  EXPECT_TRUE(std::filesystem::is_regular_file(settings.socket));
}

TEST_F(AdminServerAtASocket, ADefaultSocketThatCannotBeIsNoReasonNotToStart) {
  settings.socket = files.directory() / "no" / "such" / "admin.sock";
  EXPECT_THROW(const AdminServer server(settings, routes()), std::runtime_error);
  settings.socket_written = false;
  const AdminServer server(settings, routes());
}

TEST_F(AdminServerAtASocket, WithoutAGatewayTheClientSaysSo) {
  EXPECT_THAT([&] { (void)ask_admin(settings.socket, verb::get, "/quick"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no gateway answers")));
}

TEST_F(AdminServerAtASocket, EndsWhileSomebodyStillAsks) {
  const gate::Descriptor silent{::socket(AF_UNIX, SOCK_STREAM, 0)};
  const AdminServer server(settings, routes());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  settings.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(silent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ask_admin(settings.socket, verb::get, "/quick").status, 200U);
}

}  // namespace
