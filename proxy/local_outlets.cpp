// The journal of this machine (native protocol, systemd-journald.service(8)), and a file for whatever ships
// files.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "proxy/audit_outlet.hpp"
#include "proxy/audit_output.hpp"
#include "proxy/descriptor.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  throw std::runtime_error(what + ": " + std::generic_category().message(error));
}

class JournalOutlet final : public AuditOutlet {
 public:
  explicit JournalOutlet(const AuditExportSettings& settings)
      : path_(settings.path.empty() ? "/run/systemd/journal/socket" : settings.path) {}

  void open() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = path_.string();
    if (path.size() >= sizeof address.sun_path)
      throw std::runtime_error("the path of the socket is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!socket_ ||
        ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail("cannot be reached");
    }
  }
  void close() noexcept override { socket_ = Descriptor(); }

  void send(const AuditRecord& record, bool resent) override {
    const std::string message = journal_message(record, resent);
    if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return;
    if (errno != EMSGSIZE && errno != ENOBUFS) fail("cannot be sent to");
    send_as_file(message);
  }
  bool delivered() override { return true; }
  [[nodiscard]] std::chrono::milliseconds doubt() const noexcept override { return 0ms; }

 private:
  // What is too large for a datagram goes as a sealed file in memory.
  void send_as_file(std::string_view message) {
    const Descriptor file{::memfd_create("msnpgate", MFD_ALLOW_SEALING | MFD_CLOEXEC)};
    if (!file ||
        ::write(file.get(), message.data(), message.size()) != static_cast<ssize_t>(message.size()) ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
      fail("cannot be sent to");
    }
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = file.get();
    std::memcpy(CMSG_DATA(rights), &number, sizeof number);
    if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) < 0) fail("cannot be sent to");
  }

  const std::filesystem::path path_;
  Descriptor socket_;
};

class FileOutlet final : public AuditOutlet {
 public:
  explicit FileOutlet(const AuditExportSettings& settings) : settings_(settings) {}

  void open() override {
    constexpr mode_t owner_writes_group_reads = 0640;
    file_ = Descriptor(
        ::open(settings_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, owner_writes_group_reads));
    if (!file_) fail("cannot be opened");
    take_up();
  }
  void close() noexcept override { file_ = Descriptor(); }

  void send(const AuditRecord& record, bool) override {
    std::string line;
    append(line, record, settings_.format);
    const ssize_t taken = ::write(file_.get(), line.data(), line.size());
    if (taken != static_cast<ssize_t>(line.size())) fail("cannot be written");
  }
  bool delivered() override {
    struct stat own {};
    struct stat named {};
    if (::fstat(file_.get(), &own) != 0 || ::stat(settings_.path.c_str(), &named) != 0 ||
        own.st_ino != named.st_ino) {
      throw std::runtime_error("was moved away");
    }
    return true;
  }
  [[nodiscard]] std::chrono::milliseconds doubt() const noexcept override { return 0ms; }
  [[nodiscard]] std::uint64_t received() const noexcept override { return received_; }

 private:
  // Takes a part of a line away that a crash left, and sees which record is the last.
  void take_up() {
    received_ = 0;
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0 || status.st_size == 0 || !S_ISREG(status.st_mode)) return;
    constexpr off_t reach = 1024 * 1024;
    const off_t start = std::max<off_t>(status.st_size - reach, 0);
    std::string text(static_cast<std::size_t>(status.st_size - start), '\0');
    if (::pread(file_.get(), text.data(), text.size(), start) != static_cast<ssize_t>(text.size()))
      fail("cannot be read");
    text.resize(text.rfind('\n') + 1);
    if (::ftruncate(file_.get(), start + static_cast<off_t>(text.size())) != 0) fail("cannot be cut");
    if (text.empty()) return;
    const std::size_t before = text.rfind('\n', text.size() - 2);
    const std::string line = text.substr(before == std::string::npos ? 0 : before + 1);
    const std::string_view key = settings_.format == AuditFormat::ecs ? R"("event.sequence":)" : R"("seq":)";
    const std::size_t at = line.find(key);
    if (at != std::string::npos)
      std::from_chars(line.data() + at + key.size(), line.data() + line.size(), received_);
  }

  const AuditExportSettings settings_;
  Descriptor file_;
  std::uint64_t received_ = 0;
};

}  // namespace

std::unique_ptr<AuditOutlet> make_journal_outlet(const AuditExportSettings& settings) {
  return std::make_unique<JournalOutlet>(settings);
}

std::unique_ptr<AuditOutlet> make_file_outlet(const AuditExportSettings& settings) {
  return std::make_unique<FileOutlet>(settings);
}

}  // namespace gate
