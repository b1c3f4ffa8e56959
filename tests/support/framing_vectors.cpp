#include "tests/support/framing_vectors.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace support {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string text_of(const boost::json::value& value) {
  return std::string(value.as_string());
}

Outcome outcome_named(std::string_view name) {
  if (name == "ok") return Outcome::ok;
  if (name == "need_more") return Outcome::need_more;
  if (name == "reject") return Outcome::reject;
  if (name == "resync") return Outcome::resync;
  throw std::runtime_error("unknown outcome in framing-vectors.json: " + std::string(name));
}

FramingVector vector_of(const boost::json::object& from) {
  FramingVector made;
  made.name = text_of(from.at("name"));
  made.direction = from.at("direction") == "c2s" ? msnp::Direction::to_server : msnp::Direction::to_client;
  made.side = from.at("kind") == "ns" ? msnp::Side::notification : msnp::Side::switchboard;
  made.bytes = from_hex(text_of(from.at("bytes_hex")));
  made.outcome = outcome_named(text_of(from.at("outcome")));
  made.consumed = from.at("consumed").to_number<std::size_t>();
  if (const auto* const forward = from.if_contains("forward_hex")) made.forward = from_hex(text_of(*forward));
  for (const boost::json::value& frame : from.at("frames").as_array()) {
    VectorFrame expected{text_of(frame.at("command")), {}, frame.at("payload_len").to_number<std::size_t>()};
    for (const boost::json::value& arg : frame.at("args").as_array()) expected.args.push_back(text_of(arg));
    made.frames.push_back(std::move(expected));
  }
  return made;
}

std::vector<FramingVector> load() {
  std::ifstream file(MSNPGATE_SOURCE_DIR "/tests/data/framing-vectors.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<FramingVector> vectors;
  const boost::json::value all = boost::json::parse(text);
  for (const boost::json::value& one : all.as_array()) {
    if (one.at("kind") != "http") vectors.push_back(vector_of(one.as_object()));
  }
  return vectors;
}

}  // namespace

const std::vector<FramingVector>& framing_vectors() {
  static const std::vector<FramingVector> vectors = load();
  return vectors;
}

}  // namespace support
