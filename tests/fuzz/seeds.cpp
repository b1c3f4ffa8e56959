#include "tests/fuzz/seeds.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/filter_script.hpp"
#include "tests/support/framing_vectors.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace fuzz {
namespace {

using Seeds = std::vector<std::string>;
using msnp::Direction;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Files below a directory of the tree, up to a size, in the order of their names.
Seeds files(const char* directory, const char* extension, std::size_t largest) {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path root(MSNPGATE_SOURCE_DIR);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / directory)) {
    if (entry.path().extension() == extension && entry.file_size() <= largest) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  Seeds seeds;
  for (const auto& path : paths) seeds.push_back(content_of(path));
  return seeds;
}

std::string payload_of(const gate::test::VectorFrame& frame) {
  const std::size_t end = frame.bytes.find('\n');
  return end == std::string::npos ? std::string() : frame.bytes.substr(end + 1);
}

/// What stands behind the header block of a payload.
std::string body_of(const std::string& payload) {
  const std::size_t end = payload.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : payload.substr(end + 4);
}

template <class Take>
void each_frame(Take take) {
  for (const auto& vector : gate::test::transfer_vectors()) {
    for (const auto& frame : vector.frames) take(frame);
  }
}

std::string length(std::size_t size) {
  return {static_cast<char>(size >> 8U & 0xFFU), static_cast<char>(size & 0xFFU)};
}

Seeds for_decoder() {
  Seeds seeds;
  for (const auto& vector : support::framing_vectors()) {
    const unsigned direction = vector.direction == Direction::to_server ? 1 : 0;
    const unsigned side = vector.side == msnp::Side::notification ? 2 : 0;
    seeds.push_back(static_cast<char>(direction | side) + vector.bytes);
  }
  return seeds;
}

Seeds for_mime() {
  Seeds seeds;
  for (const auto& vector : gate::test::transfer_vectors()) {
    std::string& seed = seeds.emplace_back();
    for (const auto& frame : vector.frames) {
      const std::string payload = payload_of(frame);
      if (payload.size() <= 0xFFFF) seed += length(payload.size()) + payload;
    }
  }
  return seeds;
}

Seeds for_slp() {
  Seeds seeds;
  each_frame([&](const auto& frame) {
    const std::string payload = payload_of(frame);
    const std::string body = body_of(payload);
    const std::size_t text = std::min(body.find("INVITE"), body.find("MSNSLP"));
    if (text != std::string::npos) {
      seeds.push_back('\0' + body.substr(text));
      if (body.find("trans") != std::string::npos) seeds.push_back('\4' + body.substr(text));
    }
    if (payload.find("msmsgsinvite") != std::string::npos) seeds.push_back('\1' + payload);
    if (const std::size_t context = body.find("Context: "); context != std::string::npos) {
      seeds.push_back('\2' + body.substr(context + 9, body.find('\r', context) - context - 9));
    }
    if (const std::size_t guid = body.find("GUID: "); guid != std::string::npos) {
      seeds.push_back('\3' + body.substr(guid, 44));
    }
  });
  return seeds;
}

Seeds for_p2p() {
  Seeds seeds;
  each_frame([&](const auto& frame) {
    const std::string body = body_of(payload_of(frame));
    if (body.empty()) return;
    seeds.push_back('\0' + body);
    seeds.push_back(std::string("\2\3\x20\x40\x10", 5) + body);
  });
  seeds.emplace_back("\3\xFF\xF0\1\2\0\x20\2\x30\2\x40\0\x50\2\x60\5\x10\2\x20", 19);
  seeds.emplace_back(
      "\4\3\4\x0A"
      "0123456789a\0\0\0\x0A\5"
      "01234",
      20);
  const std::string text = "INVITE MSNMSGR:bob@example.org MSNSLP/1.0";
  for (const std::size_t second : {20U, 10U, 30U}) {  // in order, overlapping, with a hole
    std::string& seed = seeds.emplace_back("\1");
    for (const std::size_t at : {std::size_t{0}, second}) {
      const std::string piece = text.substr(at, 20);
      seed += length(at) + length(text.size()) + length(piece.size()) + '\0' +
              static_cast<char>(piece.size()) + piece;
    }
  }
  return seeds;
}

Chunk chunk_of(Direction direction, const std::string& bytes) {
  const std::size_t end = bytes.find('\n');
  if (bytes.starts_with("MSG ") && end != std::string::npos) {
    return {direction, Shape::message, 1, bytes.substr(end + 1)};
  }
  return {direction, Shape::raw, 0, bytes};
}

/// Who speaks on a bridge, what stands in the headers (filter_script.hpp), and what the package carries.
struct Spoken {
  Direction direction;
  unsigned what, type_flags, number, session;
  std::string text;
  std::size_t cut = 1202;
};

/// The packages of a message one after the other; the first has `what`, the last asks for an acknowledgement.
void speak(FilterScript& script, const Spoken& spoken) {
  const std::string end = (spoken.what & 24U) != 0 ? std::string(1, '\0') : std::string();
  std::size_t at = 0;
  do {
    const std::string piece = spoken.text.substr(at, spoken.cut);
    const std::size_t remaining = spoken.text.size() - at - piece.size();
    const bool first = at == 0;
    const unsigned what = first ? spoken.what : (remaining == 0 ? 2U : 0U);
    std::string bytes{static_cast<char>(what),
                      static_cast<char>(first ? spoken.type_flags : spoken.type_flags & ~1U),
                      static_cast<char>(spoken.number)};
    bytes += length(remaining) + static_cast<char>(spoken.session) + (first ? end : std::string()) + piece;
    script.chunks.push_back({spoken.direction, Shape::package_v2, 9, bytes});
    at += piece.size();
  } while (at < spoken.text.size());
}

/// A bridge is opened; an offer, a request for an object and a transport answer are made on it, data flows,
/// packages come again, and time passes between.
Seeds on_bridges() {
  constexpr auto to_server = Direction::to_server;
  constexpr auto to_client = Direction::to_client;
  const auto text = [](const char* id) {
    for (const auto& vector : gate::test::transfer_vectors()) {
      if (vector.id != id) continue;
      const std::string body = body_of(payload_of(vector.frames.front()));
      const std::size_t begin = std::min(body.find("INVITE"), body.find("MSNSLP/1.0 "));
      return begin == std::string::npos ? body : body.substr(begin, body.size() - begin - 4);
    }
    return std::string();
  };
  Seeds seeds;
  for (const char* const id : {"q02-offer-single", "q09-display-picture", "q30-transreq",
                               "q31-transdestaddrupdate", "p20-transresp", "p21-transresp-reversed"}) {
    for (const std::size_t cut : {std::size_t{1202}, std::size_t{300}}) {
      for (const bool handshake : {true, false}) {
        FilterScript script{1, {}};
        if (handshake) {
          speak(script, {to_server, 7, 0, 0, 0, {}});
          speak(script, {to_client, 15, 0, 0, 0, {}});
        }
        speak(script, {to_server, handshake ? 8U : 7U, 1, 3, 0, text(id), cut});
        script.chunks.push_back({to_server, Shape::time, 0, {}});
        speak(script, {to_client, 10, 1, 4, 0, text("q04-accept"), cut});
        speak(script, {to_server, 34, 1, 3, 0, text(id), 1202});
        speak(script, {to_server, 8, 7, 5, 64, std::string(50, 'd'), 20});
        script.chunks.push_back({to_client, Shape::time, 1, {}});
        speak(script, {to_client, 24, 1, 6, 0, text("q05-decline")});
        speak(script, {to_client, 8, 0, 0, 0, {}});
        speak(script, {to_server, 8, 1, 6, 0, text("q06-bye")});
        for (const unsigned setting : {1U, 0U, 7U, 0x31U}) {
          script.setting = static_cast<std::uint8_t>(setting);
          seeds.push_back(write_script(script));
        }
      }
    }
  }
  // The same texts in notifications.
  for (const char* const id : {"q02-offer-single", "p20-transresp", "q31-transdestaddrupdate"}) {
    for (const Direction direction : {to_server, to_client}) {
      FilterScript script{0x30, {}};
      for (const unsigned type : {3U, 1U, 10U, 11U, 12U}) {
        script.chunks.push_back({direction, Shape::notification, static_cast<std::uint8_t>(type), text(id)});
      }
      seeds.push_back(write_script(script));
    }
  }
  return seeds;
}

Seeds for_filter() {
  Seeds seeds = on_bridges();
  for (const auto& vector : gate::test::transfer_vectors()) {
    FilterScript script;
    script.setting = vector.transport == "SB" ? 1 : 0;
    for (const auto& frame : vector.frames) script.chunks.push_back(chunk_of(frame.direction, frame.bytes));
    for (const unsigned setting : {0x00U, 0x08U, 0x16U, 0x28U}) {
      FilterScript other = script;
      other.setting = static_cast<std::uint8_t>(script.setting | setting);
      seeds.push_back(write_script(other));
    }
  }
  for (const auto& vector : support::framing_vectors()) {
    FilterScript script;
    script.setting = vector.side == msnp::Side::switchboard ? 1 : 0;
    if (vector.bytes.size() <= 0xFFFF) {
      script.chunks.push_back({vector.direction, Shape::raw, 0, vector.bytes});
      seeds.push_back(write_script(script));
    }
  }
  // Packages of an invitation that the target itself puts into frames, in both versions.
  const std::string invitation =
      "INVITE MSNMSGR:bob@example.org MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.org>\r\n"
      "From: <msnmsgr:alice@example.com>\r\nCall-ID: {1}\r\nContent-Type: "
      "application/x-msnmsgr-sessionreqbody"
      "\r\n\r\nEUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: 7\r\nAppID: 2\r\n\r\n";
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    FilterScript v1{1, {}};
    FilterScript v2{1, {}};
    const std::size_t half = invitation.size() / 2;
    for (const std::size_t at : {std::size_t{0}, half}) {
      const std::string piece = invitation.substr(at, at == 0 ? half : std::string::npos);
      v1.chunks.push_back({direction, Shape::package_v1, 1,
                           std::string(1, '\0') + "\1" + length(at) + length(invitation.size()) +
                               length(piece.size()) + '\0' + piece});
      v2.chunks.push_back({direction, Shape::package_v2, 1,
                           std::string(1, at == 0 ? '\1' : '\0') + "\1" +
                               length(invitation.size() - at - piece.size()) + '\0' + piece});
    }
    v1.chunks.push_back({direction, Shape::package_v1, 1, std::string("\7\2\0\0\0\3\0\3\x20", 9) + "abc"});
    seeds.push_back(write_script(v1));
    seeds.push_back(write_script(v2));
    v2.setting = 0;
    seeds.push_back(write_script(v2));
  }
  return seeds;
}

}  // namespace

std::vector<std::string> seeds_of(std::string_view target) {
  if (target == "admin") return seeds_for_admin();
  if (target == "audit") return seeds_for_audit();
  if (target == "capture") return files("tests/data/captures", ".pcap", 60'000);
  if (target == "config") return files("conf", ".toml", 60'000);
  if (target == "decoder") return for_decoder();
  if (target == "filter") return for_filter();
  if (target == "http") return seeds_over_http();
  if (target == "mime") return for_mime();
  if (target == "p2p") return for_p2p();
  if (target == "slp") return for_slp();
  return {};
}

}  // namespace fuzz
