#include "tests/support/transfer_vectors.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace gate::test {
namespace {

namespace json = boost::json;

const json::object& document() {
  static const json::value parsed = [] {
    std::ifstream file(MSNPGATE_SOURCE_DIR "/tests/data/transfer-vectors.json");
    return json::parse(std::string{std::istreambuf_iterator<char>(file), {}});
  }();
  return parsed.as_object();
}

std::string text(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

VectorFrame frame_of(const json::object& object, bool to_server) {
  return {to_server ? msnp::Direction::to_server : msnp::Direction::to_client,
          text(object, "line") + from_hex(text(object, "payload_hex"))};
}

}  // namespace

const std::vector<TransferVector>& transfer_vectors() {
  static const std::vector<TransferVector> vectors = [] {
    std::vector<TransferVector> all;
    for (const json::value& value : document().at("vectors").as_array()) {
      const json::object& object = value.as_object();
      TransferVector& vector = all.emplace_back();
      vector.id = text(object, "id");
      vector.section = text(object, "section");
      vector.transport = text(object, "transport");
      vector.local_user = text(object, "local_user");
      for (const json::value& frame : object.at("frames").as_array()) {
        vector.frames.push_back(frame_of(frame.as_object(), text(frame.as_object(), "dir") == "c2s"));
      }
      for (const json::value& one : object.at("expect").as_array()) {
        const json::object& wanted = one.as_object();
        Expectation& expectation = vector.expected.emplace_back();
        expectation.kind = text(wanted, "kind");
        expectation.command = text(wanted, "command");
        expectation.decision = text(wanted, "decision_if_denied");
        if (const auto name = text(wanted, "file_name"); !name.empty()) expectation.file_name = name;
        if (const json::value* size = wanted.if_contains("file_size"); size != nullptr && size->is_int64()) {
          expectation.file_size = static_cast<std::uint64_t>(size->as_int64());
        }
      }
      if (const json::value* const clients = object.if_contains("accepted_by")) {
        for (const json::value& client : clients->as_array()) {
          vector.accepted_by.emplace_back(client.as_string());
        }
      }
    }
    return all;
  }();
  return vectors;
}

const std::vector<VectorReply>& vector_replies() {
  static const std::vector<VectorReply> replies = [] {
    std::vector<VectorReply> all;
    for (const json::value& value : document().at("replies").as_array()) {
      const json::object& object = value.as_object();
      VectorReply& reply = all.emplace_back();
      reply.id = text(object, "id");
      reply.answers = text(object, "answers_vector");
      for (const json::value& frame : object.at("proxy_sends").as_array()) {
        reply.sent.push_back(frame_of(frame.as_object(), text(frame.as_object(), "to") == "server"));
      }
    }
    return all;
  }();
  return replies;
}

const TransferVector& transfer_vector(const std::string& id) {
  for (const TransferVector& vector : transfer_vectors()) {
    if (vector.id == id) return vector;
  }
  throw std::out_of_range(id);
}

}  // namespace gate::test
