#include "proxy/inherited_sockets.hpp"

#include <fcntl.h>

#include <vector>

#include <gtest/gtest.h>

#include "proxy/listener.hpp"

namespace gate {
namespace {

TEST(InheritedSockets, AreFoundByTheirAddressAndCanBeHadAgain) {
  std::vector<Descriptor> opened;
  ASSERT_FALSE(open_listeners({{boost::asio::ip::make_address("::"), 0}, ListenerMode::redirect, {}}, 0, 1,
                              Beside::nobody, opened));
  const Endpoint address = local_endpoint(opened.front().get());
  InheritedSockets inherited;
  inherited.add(std::move(opened.front()));
  EXPECT_EQ(inherited.addresses(), std::vector{address});
  for (int i = 0; i < 2; ++i) {
    const Descriptor copy = inherited.copy_for(address);
    ASSERT_TRUE(copy);
    EXPECT_EQ(local_endpoint(copy.get()), address);
    EXPECT_NE(::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_FALSE(inherited.copy_for({boost::asio::ip::make_address("127.0.0.1"), address.port()}))
      << "another address is another socket";
}

TEST(InheritedSockets, AreNoneWithoutAServiceManager) {
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  EXPECT_TRUE(InheritedSockets::from_environment().addresses().empty());
}

TEST(InheritedSockets, ThoseOfAnotherProcessAreNotTaken) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "2", 1);
  EXPECT_TRUE(InheritedSockets::from_environment().addresses().empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr) << "nor by any child";
}

}  // namespace
}  // namespace gate
