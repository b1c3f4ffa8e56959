// A network of a test's own: what it does to the kernel's rules, routes and sets, nobody else sees.
#pragma once

#include <functional>
#include <string>

namespace gate::test {

/// Runs `body` in a child process with a network name space of its own, in which it may change everything
/// (CAP_NET_ADMIN) and only `lo` exists, up. Failed expectations of `body` fail the calling test.
void in_own_network(const std::function<void()>& body);

/// What a command prints, run by the shell; with its errors.
[[nodiscard]] std::string said_by(const std::string& command);

}  // namespace gate::test
