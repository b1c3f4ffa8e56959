// The conversations of tests/data/transfer-vectors.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test {

struct VectorFrame {
  msnp::Direction direction = msnp::Direction::to_server;
  std::string bytes;  // line and payload
};

struct Expectation {
  std::string kind, command, decision;
  std::optional<std::string> file_name;
  std::optional<std::uint64_t> file_size;
};

struct TransferVector {
  std::string id, section, transport, local_user;
  std::vector<VectorFrame> frames;
  std::vector<Expectation> expected;
  std::vector<std::string> accepted_by;  // clients that take the offer, by name
};

struct VectorReply {
  std::string id, answers;
  std::vector<VectorFrame> sent;
};

[[nodiscard]] const std::vector<TransferVector>& transfer_vectors();
[[nodiscard]] const std::vector<VectorReply>& vector_replies();
[[nodiscard]] const TransferVector& transfer_vector(const std::string& id);

}  // namespace gate::test
