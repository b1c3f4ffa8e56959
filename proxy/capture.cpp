#include "proxy/capture.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <pcap/pcap.h>

namespace gate {
namespace {

/// Wall time of a packet. A damaged file may claim any second; what does not fit the clock is cut to
/// the years 1970 to 2199.
std::chrono::system_clock::time_point time_of(const timeval& at) {
  constexpr std::int64_t last_second = 7'258'118'399;
  const std::int64_t second = std::clamp<std::int64_t>(at.tv_sec, 0, last_second);
  const std::int64_t micro = std::clamp<std::int64_t>(at.tv_usec, 0, 999'999);
  return std::chrono::system_clock::time_point(std::chrono::seconds(second) +
                                               std::chrono::microseconds(micro));
}

std::string link_type_name(int link_type) {
  const char* const name = pcap_datalink_val_to_name(link_type);
  return name != nullptr ? name : std::to_string(link_type);
}

}  // namespace

void Capture::Closer::operator()(pcap* handle) const noexcept {
  pcap_close(handle);
}

Capture::Capture(Handle handle) : handle_(std::move(handle)), link_type_(pcap_datalink(handle_.get())) {}

std::variant<Capture, CaptureError> Capture::open(const std::filesystem::path& file) {
  std::error_code failure;
  const auto status = std::filesystem::status(file, failure);
  if (failure) return CaptureError{failure.message()};
  if (!std::filesystem::is_regular_file(status)) return CaptureError{"not a regular file"};

  std::FILE* const stream = std::fopen(file.c_str(), "rb");
  if (stream == nullptr) return CaptureError{std::generic_category().message(errno)};
  std::array<char, PCAP_ERRBUF_SIZE> message{};
  Handle handle(pcap_fopen_offline(stream, message.data()));
  if (!handle) {
    static_cast<void>(std::fclose(stream));
    return CaptureError{"not a readable capture: " + std::string(message.data())};
  }
  Capture capture(std::move(handle));
  if (!link_type_supported(capture.link_type_)) {
    return CaptureError{"link type " + link_type_name(capture.link_type_) +
                        " is not supported; capture on Ethernet, \"any\", loopback or raw IP"};
  }
  return capture;
}

std::optional<Segment> Capture::next() {
  while (!error_) {
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    const int outcome = pcap_next_ex(handle_.get(), &header, &data);
    if (outcome == PCAP_ERROR_BREAK) return std::nullopt;
    if (outcome != 1) {
      error_ = CaptureError{"damaged after packet " + std::to_string(packets_) + ": " +
                            pcap_geterr(handle_.get())};
      return std::nullopt;
    }
    ++packets_;
    auto segment = parse_packet(link_type_, {reinterpret_cast<const std::byte*>(data), header->caplen});
    if (!segment) continue;
    segment->time = time_of(header->ts);
    return segment;
  }
  return std::nullopt;
}

}  // namespace gate
