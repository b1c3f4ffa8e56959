// One filter, its policy and a sink that remembers, driven with text: bytes in, bytes out.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/filter.hpp"

namespace gate::test {

/// Appends the record to the file that $MSNPGATE_RECORDS names, if it does: tests/e2e/schema_test.py holds
/// them all against the published schema.
void keep_for_the_schema(const AuditEvent& event);

class RememberingSink final : public AuditSink {
 public:
  bool record(const AuditEvent& event) noexcept override {
    if (!works) return false;
    keep_for_the_schema(event);
    events.push_back(event);
    return true;
  }
  std::vector<AuditEvent> events;
  bool works = true;
};

[[nodiscard]] std::shared_ptr<const Policy> policy_with(Action fallback, std::vector<Rule> rules = {},
                                                        bool notice = false);

class FilterRig {
 public:
  explicit FilterRig(std::shared_ptr<const Policy> policy);

  /// Feeds bytes as one arrival; what is not consumed is presented again with the next.
  void feed(msnp::Direction direction, std::string_view bytes);
  void from_client(std::string_view bytes) { feed(msnp::Direction::to_server, bytes); }
  void from_server(std::string_view bytes) { feed(msnp::Direction::to_client, bytes); }
  void tick(msnp::Moment later);
  /// The answer about the redirect that is held: empty, or why it cannot be followed.
  void followed(const std::string& fault);

  /// Signs `user` in on a switchboard where everybody in `peers` is present, and forgets the bytes of that.
  void enter_switchboard(std::string_view user, const std::vector<std::string>& peers);
  /// The same on a notification server.
  void sign_in(std::string_view user);

  /// What has left in a direction since the last call.
  [[nodiscard]] std::string sent(msnp::Direction direction);
  [[nodiscard]] std::string to_server() { return sent(msnp::Direction::to_server); }
  [[nodiscard]] std::string to_client() { return sent(msnp::Direction::to_client); }

  RememberingSink audit;
  FilterShared shared;
  bool closed = false;
  bool reset = false;  // closed with Close::reset
  std::unique_ptr<Filter> filter;

 private:
  void collect();

  msnp::Output output_;
  std::array<std::string, 2> sent_;
  std::array<std::string, 2> leftover_;
  Now now_;
};

/// `MSG bob@example.org Bob N` and the payload.
[[nodiscard]] std::string message_to_client(std::string_view sender, std::string_view name,
                                            std::string_view payload);
[[nodiscard]] std::string message_to_server(std::string_view transaction, char letter,
                                            std::string_view payload);

}  // namespace gate::test
