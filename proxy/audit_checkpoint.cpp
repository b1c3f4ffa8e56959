#include "proxy/audit_checkpoint.hpp"

#include <array>

#include "proxy/audit_chain.hpp"
#include "proxy/audit_json.hpp"
#include "proxy/json_line.hpp"

namespace gate {

std::string_view name_of(CheckpointReason reason) noexcept {
  constexpr std::array<std::string_view, 5> names{"start", "interval", "rotation", "retention", "stop"};
  return names.at(static_cast<std::size_t>(reason));
}

std::string checkpoint_line(const Checkpoint& checkpoint, const SigningKey& key) {
  std::string text;
  JsonLine line(text);
  line.begin_object();
  line.key("time").text(to_rfc3339(checkpoint.time));
  line.key("seq").number(checkpoint.seq);
  line.key("id").text(checkpoint.id);
  line.key("event").text(name_of(AuditKind::checkpoint));
  line.key("reason").text(name_of(checkpoint.reason));
  line.key("checkpoint").begin_object();
  if (checkpoint.oldest) {
    line.key("oldest_seq").number(checkpoint.oldest->seq);
    line.key("oldest_prev").text(checkpoint.oldest->prev);
  }
  line.key("key").text(key.id());
  line.key("signature").text("");
  line.end_object();
  const std::size_t signature = text.size() - 2;  // before `"}`
  line.key("prev").text(checkpoint.prev);
  line.end_object();
  const std::string hex = key.sign(text);
  text.resize(signature + 2);
  text.insert(signature, hex);
  return text + "}\n";
}

bool signed_by(const SigningKey& key, const AuditRecord& record) {
  const std::string_view signature = record.member(AuditKey::checkpoint, "signature");
  const auto links = links_of(record.line);
  if (signature.empty() || !links) return false;
  const auto at = static_cast<std::size_t>(signature.data() - record.line.data());
  if (at + signature.size() > links->body.size()) return false;
  std::string text(links->body);
  text += '}';
  text.erase(at, signature.size());
  return key.verify(text, signature);
}

}  // namespace gate
