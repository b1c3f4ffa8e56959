// Syslog to a collector: UDP (RFC 5426), TCP with octet counting (RFC 6587), TLS (RFC 5425).
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "proxy/audit_outlet.hpp"
#include "proxy/descriptor.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

/// For connecting, and for a collector that takes nothing.
constexpr timeval patience{.tv_sec = 5, .tv_usec = 0};
/// The most that a datagram takes; what is longer goes without its `detail` and names.
constexpr std::size_t longest_datagram = 60'000;

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " +
                           (error == EAGAIN ? "it takes nothing" : std::generic_category().message(error)));
}

[[noreturn]] void fail_with_openssl(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_error_string_n(code, text.data(), text.size());
  throw std::runtime_error(what + ": " + (code == 0 ? "the connection broke" : text.data()));
}

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
struct ContextFree {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

Descriptor connected(const AuditExportSettings& settings, bool datagrams) {
  addrinfo hints{};
  hints.ai_socktype = datagrams ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(settings.host.c_str(), settings.port.c_str(), &hints, &found);
  if (code != 0) throw std::runtime_error("cannot be found: " + std::string(::gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    Descriptor socket{
        ::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol)};
    if (!socket) continue;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    if (!datagrams) ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (::connect(socket.get(), address->ai_addr, address->ai_addrlen) == 0) return socket;
    error = errno == EINPROGRESS ? ETIMEDOUT : errno;
  }
  fail("cannot be reached", error);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "-";
  return name.data();
}

class SyslogOutlet final : public AuditOutlet {
 public:
  explicit SyslogOutlet(const AuditExportSettings& settings) : settings_(settings), host_(host_name()) {}

  void open() override {
    using To = AuditExportSettings::To;
    Descriptor socket = connected(settings_, settings_.to == To::syslog_udp);
    {
      const std::lock_guard lock(mutex_);
      socket_ = std::move(socket);
    }
    if (settings_.to == To::syslog_tls) start_tls();
  }

  void close() noexcept override {
    ssl_.reset();
    const std::lock_guard lock(mutex_);
    socket_ = Descriptor();
  }

  void send(const AuditRecord& record, bool resent) override {
    std::string message = syslog_message(record, settings_, host_, resent);
    if (settings_.to == AuditExportSettings::To::syslog_udp) return send_datagram(record, message);
    message.insert(0, std::to_string(message.size()) + ' ');
    if (ssl_ != nullptr) {
      if (SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size())) <= 0)
        fail_with_openssl("cannot be sent to");
      return;
    }
    for (std::string_view rest = message; !rest.empty();) {
      const ssize_t taken = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) fail("cannot be sent to", errno);
      rest.remove_prefix(static_cast<std::size_t>(taken));
    }
  }

  bool delivered() override {
    // A collector says nothing; that something can be read is its end of the connection, or TLS's own
    // business.
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 0) > 0) {
      std::array<char, 512> ignored{};
      if (ssl_ != nullptr) {
        const int got = SSL_read(ssl_.get(), ignored.data(), static_cast<int>(ignored.size()));
        if (got <= 0 && SSL_get_error(ssl_.get(), got) != SSL_ERROR_WANT_READ)
          throw std::runtime_error("has closed the connection");
      } else {
        const ssize_t got = ::recv(socket_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
        if (got == 0) throw std::runtime_error("has closed the connection");
        if (got < 0 && errno != EAGAIN && errno != EINTR) fail("is gone", errno);
      }
    }
    if (settings_.to == AuditExportSettings::To::syslog_udp) return true;
    int waiting = 0;
    return ::ioctl(socket_.get(), SIOCOUTQ, &waiting) == 0 && waiting == 0;
  }

  // A collector that dies may have taken bytes from the network which it has not read yet.
  [[nodiscard]] std::chrono::milliseconds doubt() const noexcept override { return 3s; }

  void interrupt() noexcept override {
    const std::lock_guard lock(mutex_);
    if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
  }

 private:
  void send_datagram(const AuditRecord& record, const std::string& message) {
    std::string_view text = message;
    std::string shorter;
    if (text.size() > longest_datagram) {
      shorter = message.substr(0, message.find("] ") + 2) + R"({"time":")" +
                std::string(record[AuditKey::time]) + R"(","seq":)" + std::string(record[AuditKey::seq]) +
                R"(,"cut":true,"hash":")" + std::string(record[AuditKey::hash]) + "\"}";
      text = shorter;
    }
    if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) fail("cannot be sent to", errno);
  }

  void start_tls() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (context_ == nullptr) fail_with_openssl("TLS");
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    const bool trusted = settings_.ca.empty()
                             ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                             : SSL_CTX_load_verify_file(context_.get(), settings_.ca.c_str()) == 1;
    if (!trusted) fail_with_openssl("TLS: the CA file cannot be read");
    if (!settings_.certificate.empty() &&
        (SSL_CTX_use_certificate_chain_file(context_.get(), settings_.certificate.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context_.get(), settings_.certificate_key.c_str(), SSL_FILETYPE_PEM) !=
             1)) {
      fail_with_openssl("TLS: the certificate or its key cannot be read");
    }
    ssl_.reset(SSL_new(context_.get()));
    const std::string name = settings_.server_name.empty() ? settings_.host : settings_.server_name;
    if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket_.get()) != 1 ||
        SSL_set1_host(ssl_.get(), name.c_str()) != 1 ||
        SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1) {
      fail_with_openssl("TLS");
    }
    if (SSL_connect(ssl_.get()) == 1) return;
    const long trust = SSL_get_verify_result(ssl_.get());
    if (trust != X509_V_OK)
      throw std::runtime_error(std::string("TLS: ") + X509_verify_cert_error_string(trust));
    fail_with_openssl("TLS");
  }

  const AuditExportSettings settings_;
  const std::string host_;
  std::mutex mutex_;  // guards the number of socket_, for `interrupt`
  Descriptor socket_;
  std::unique_ptr<SSL_CTX, ContextFree> context_;
  std::unique_ptr<SSL, SslFree> ssl_;
};

}  // namespace

std::unique_ptr<AuditOutlet> make_syslog_outlet(const AuditExportSettings& settings) {
  return std::make_unique<SyslogOutlet>(settings);
}

}  // namespace gate
