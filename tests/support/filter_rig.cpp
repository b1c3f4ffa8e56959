#include "tests/support/filter_rig.hpp"

#include <cstdlib>
#include <fstream>

#include "proxy/audit_json.hpp"

#include <cstring>

namespace gate::test {

using msnp::Direction;

std::shared_ptr<const Policy> policy_with(Action fallback, std::vector<Rule> rules, bool notice) {
  Policy::Source source;
  source.fallback = fallback;
  source.rules = std::move(rules);
  source.revision = "test";
  source.notice.on = notice;
  return std::make_shared<const Policy>(std::move(source));
}

FilterRig::FilterRig(std::shared_ptr<const Policy> policy) {
  shared.policy = std::move(policy);
  shared.audit = &audit;
  now_.wall = std::chrono::system_clock::time_point{std::chrono::seconds{1'790'000'000}};
  const Ends ends{{boost::asio::ip::make_address("10.77.1.2"), 40000},
                  {boost::asio::ip::make_address("10.77.0.1"), 1864}};
  filter = std::make_unique<Filter>(shared, ends);
}

void FilterRig::feed(Direction direction, std::string_view bytes) {
  std::string& leftover = leftover_[static_cast<std::size_t>(direction)];
  leftover += bytes;
  // An allocation of exactly this size, so that a read past the end is seen.
  const std::unique_ptr<std::byte[]> in(new std::byte[leftover.size()]);
  std::memcpy(in.get(), leftover.data(), leftover.size());
  const auto result = filter->feed(direction, {in.get(), leftover.size()}, output_, now_);
  collect();
  leftover.erase(0, result.consumed);
  closed = closed || result.close != Close::no;
  reset = reset || result.close == Close::reset;
}

void FilterRig::tick(msnp::Moment later) {
  now_.monotonic += later;
  now_.wall += std::chrono::milliseconds{later};
  closed = filter->tick(output_, now_) != Close::no || closed;
  collect();
}

void FilterRig::followed(const std::string& fault) {
  if (filter->held_redirect() == nullptr) return;
  closed = filter->followed(filter->held_redirect()->number, fault, output_, now_) != Close::no || closed;
  collect();
}

void FilterRig::collect() {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    for (const msnp::Bytes slice : output_.slices(direction)) {
      sent_[static_cast<std::size_t>(direction)] += msnp::as_text(slice);
    }
  }
  output_.clear();
}

std::string FilterRig::sent(Direction direction) {
  return std::exchange(sent_[static_cast<std::size_t>(direction)], {});
}

void FilterRig::enter_switchboard(std::string_view user, const std::vector<std::string>& peers) {
  const std::string name(user);
  from_client("USR 1 " + name + " 123456.7890\r\n");
  from_server("USR 1 OK " + name + " Me\r\n");
  for (const std::string& peer : peers) {
    std::string nickname = peer.substr(0, peer.find('@'));
    nickname.front() = static_cast<char>(nickname.front() - 'a' + 'A');
    from_server("JOI " + peer + " " + nickname + "\r\n");
  }
  (void)to_server();
  (void)to_client();
}

void FilterRig::sign_in(std::string_view user) {
  from_client("VER 1 MSNP18 CVR0\r\n");
  from_server("VER 1 MSNP18\r\n");
  from_client("USR 2 SSO I " + std::string(user) + "\r\n");
  from_server("USR 2 OK " + std::string(user) + " 1 0\r\n");
  (void)to_server();
  (void)to_client();
}

std::string message_to_client(std::string_view sender, std::string_view name, std::string_view payload) {
  return "MSG " + std::string(sender) + " " + std::string(name) + " " + std::to_string(payload.size()) +
         "\r\n" + std::string(payload);
}

std::string message_to_server(std::string_view transaction, char letter, std::string_view payload) {
  return "MSG " + std::string(transaction) + " " + letter + " " + std::to_string(payload.size()) + "\r\n" +
         std::string(payload);
}

void keep_for_the_schema(const AuditEvent& event) {
  static const char* const path = std::getenv("MSNPGATE_RECORDS");  // NOLINT(concurrency-mt-unsafe)
  if (path != nullptr) std::ofstream(path, std::ios::app) << to_json_line(event, 1, {});
}

}  // namespace gate::test
