#include "proxy/inherited_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "proxy/listener.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr int most_descriptors = 1'024;

std::optional<int> number_in(const char* name) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any other thread
  if (text == nullptr) return std::nullopt;
  int number = 0;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  return error == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

int option_of(int fd, int option) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool listens(int fd) noexcept {
  const int domain = option_of(fd, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && option_of(fd, SO_TYPE) == SOCK_STREAM &&
         option_of(fd, SO_ACCEPTCONN) == 1;
}

}  // namespace

InheritedSockets InheritedSockets::from_environment() {
  InheritedSockets inherited;
  const std::optional<int> process = number_in("LISTEN_PID");
  const int count = number_in("LISTEN_FDS").value_or(0);
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): before any other thread
  }
  if (process != ::getpid()) return inherited;
  for (int fd = first_descriptor; fd < first_descriptor + std::min(count, most_descriptors); ++fd) {
    Descriptor socket{fd};
    if (!listens(fd)) {
      log(Level::warning, "descriptor " + std::to_string(fd) +
                              " of the service manager is no listening TCP socket; it is not used");
    } else if (const auto error = prepare_inherited(fd)) {
      log(Level::warning,
          "the socket of the service manager at " + text_of(local_endpoint(fd)) + ": " + error.message());
    } else {
      inherited.add(std::move(socket));
    }
  }
  return inherited;
}

void InheritedSockets::add(Descriptor socket) {
  const Endpoint address = local_endpoint(socket.get());
  sockets_.push_back({address, std::move(socket)});
}

Descriptor InheritedSockets::copy_for(const Endpoint& bind) const {
  for (const Inherited& one : sockets_) {
    if (one.address == bind) return Descriptor{::fcntl(one.socket.get(), F_DUPFD_CLOEXEC, 0)};
  }
  return {};
}

std::vector<Endpoint> InheritedSockets::addresses() const {
  std::vector<Endpoint> all;
  for (const Inherited& one : sockets_) all.push_back(one.address);
  return all;
}

}  // namespace gate
