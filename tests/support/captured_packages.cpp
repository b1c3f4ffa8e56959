#include "tests/support/captured_packages.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <variant>

#include "msnp/bytes.hpp"
#include "msnp/decoder.hpp"
#include "proxy/capture.hpp"
#include "proxy/tcp_connections.hpp"

namespace gate::test {
namespace {

namespace fs = std::filesystem;
using msnp::Direction;

struct Streams {
  std::array<std::string, 2> bytes;  // by direction
};

std::deque<Streams> streams_of(const fs::path& file) {
  auto opened = Capture::open(file);
  if (const auto* const error = std::get_if<CaptureError>(&opened)) throw std::runtime_error(error->message);
  auto& capture = std::get<Capture>(opened);
  TcpConnections connections;
  std::deque<Streams> all;
  while (const auto segment = capture.next()) {
    const auto progress = connections.add(*segment);
    all.resize(connections.all().size());
    if (!progress || connections.all()[progress->connection].began_before) continue;
    for (const msnp::Bytes piece : progress->pieces) {
      all[progress->connection].bytes[static_cast<std::size_t>(progress->direction)] += msnp::as_text(piece);
    }
  }
  return all;
}

void read_stream(std::string_view bytes, CapturedPackage like, msnp::Side side,
                 std::vector<CapturedPackage>& packages) {
  const msnp::Limits limits;
  msnp::Decoder decoder(like.direction, side, limits);
  while (!bytes.empty()) {
    const msnp::Step step = decoder.next(msnp::as_bytes(bytes));
    msnp::Bytes raw;
    if (const auto* const frame = std::get_if<msnp::Frame>(&step)) {
      raw = frame->raw;
      CapturedPackage package = package_in(msnp::as_text(frame->payload));
      if (!package.body.empty()) {
        like.v2 = package.v2;
        like.body = std::move(package.body);
        packages.push_back(like);
      }
    } else if (const auto* const opaque = std::get_if<msnp::Opaque>(&step)) {
      raw = opaque->raw;
    } else if (const auto* const swallowed = std::get_if<msnp::Swallowed>(&step)) {
      raw = swallowed->raw;
    }
    if (raw.empty()) return;
    bytes.remove_prefix(raw.size());
  }
}

void read_directory(const fs::path& directory, std::vector<CapturedPackage>& packages) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".pcap") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    CapturedPackage like;
    like.capture = file.lexically_relative(directory).string();
    const bool known = std::any_of(packages.begin(), packages.end(),
                                   [&](const auto& package) { return package.capture == like.capture; });
    if (known) continue;
    for (const Streams& streams : streams_of(file)) {
      const std::string_view greeting = std::string_view(streams.bytes[0]).substr(0, 4);
      const bool switchboard = greeting == "ANS " || greeting == "USR ";
      if (switchboard || greeting == "VER ") {
        const auto side = switchboard ? msnp::Side::switchboard : msnp::Side::notification;
        like.direction = Direction::to_server;
        read_stream(streams.bytes[0], like, side, packages);
        like.direction = Direction::to_client;
        read_stream(streams.bytes[1], like, side, packages);
      }
      ++like.connection;
    }
  }
}

}  // namespace

CapturedPackage package_in(std::string_view payload) {
  CapturedPackage package;
  const std::size_t blank = payload.find("\r\n\r\n");
  const std::string_view headers = payload.substr(0, blank);
  if (blank == std::string_view::npos || headers.find("x-msnmsgrp2p") == std::string_view::npos)
    return package;
  const std::size_t to = headers.find("P2P-Dest: ");
  package.v2 = to != std::string_view::npos &&
               headers.substr(to, headers.find("\r\n", to) - to).find(";{") != std::string_view::npos;
  package.body = payload.substr(blank + 4);
  return package;
}

const std::vector<CapturedPackage>& captured_packages() {
  static const std::vector<CapturedPackage> packages = [] {
    std::vector<CapturedPackage> all;
    read_directory(MSNPGATE_SOURCE_DIR "/tests/data/captures", all);
    const fs::path beside = MSNPGATE_SOURCE_DIR "/../shared/captures";
    if (fs::is_directory(beside)) read_directory(beside, all);
    return all;
  }();
  return packages;
}

}  // namespace gate::test
