// GET /api/v1/events, /api/v1/events/stream: the audit log, as it is on the disk. Nothing is kept here, so
// that nothing has to be kept bounded: a slow listener only reads later.
#include <charconv>
#include <memory>
#include <string>

#include "proxy/admin_routes.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/gateway.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;

constexpr std::uint64_t most_events = 1'000;
constexpr std::size_t most_bytes = 8 * 1024 * 1024;  // of one answer

std::string_view value_of(const AdminRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view{} : std::string_view(found->second);
}

/// The number, or `otherwise` when there is none; nothing when it is no number.
std::optional<std::uint64_t> number_of(const AdminRequest& request, const std::string& name,
                                       std::uint64_t otherwise) {
  const std::string_view text = value_of(request, name);
  if (text.empty()) return otherwise;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "a,b": either.
std::vector<std::string> words_of(const AdminRequest& request, const std::string& name) {
  std::vector<std::string> words;
  std::string_view rest = value_of(request, name);
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    if (!word.empty()) words.emplace_back(word);
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return words;
}

std::vector<std::string> text_of(const AdminRequest& request, const std::string& name) {
  const std::string_view text = value_of(request, name);
  return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(text)};
}

AuditQuery query_of(const AdminRequest& request) {
  AuditQuery query;
  query.ids = words_of(request, "id");
  query.events = words_of(request, "event");
  query.actions = words_of(request, "action");
  query.reasons = words_of(request, "reason");
  query.kinds = words_of(request, "kind");
  query.directions = words_of(request, "direction");
  query.forms = words_of(request, "form");
  query.users = text_of(request, "user");
  query.peers = text_of(request, "peer");
  query.names = text_of(request, "name");
  query.rules = text_of(request, "rule");
  query.clients = text_of(request, "client");
  return query;
}

std::uint64_t newest_seq(const AuditReader& reader) {
  std::uint64_t newest = 0;
  reader.each_from_the_end({}, [&newest](const AuditRecord& record) {
    newest = record.seq;
    return false;
  });
  return newest;
}

AdminResponse events(const Gateway& gateway, const AdminRequest& request) {
  const auto limit = number_of(request, "limit", 100);
  const auto before = number_of(request, "before", 0);
  if (!limit || *limit == 0 || *limit > most_events || !before) {
    return error_response(http::status::bad_request, "limit is 1 to 1000, before is the seq of a record");
  }
  AuditQuery query = query_of(request);
  if (*before != 0) query.seq_to = *before - 1;
  const AuditReader reader(gateway.boot().audit.path);
  std::string list;
  std::uint64_t count = 0;
  bool more = false;
  reader.each_from_the_end(query, [&](const AuditRecord& record) {
    if (count == *limit || list.size() + record.line.size() > most_bytes) {
      more = true;
      return false;
    }
    // The lines are JSON already, with everything hidden in them escaped.
    if (count != 0) list += ',';
    list += record.line;
    ++count;
    return true;
  });
  std::string body = R"({"newest":)" + std::to_string(newest_seq(reader)) + R"(,"more":)" +
                     (more ? "true" : "false") + R"(,"events":[)" + list + "]}\n";
  return {.body = std::move(body)};
}

class EventStream final : public AdminStream {
 public:
  EventStream(const std::filesystem::path& log, std::optional<std::uint64_t> after, const AuditQuery& query)
      : follower_(log, after), matcher_(query) {}

  std::string next() override {
    std::string text;
    std::string_view lines = follower_.more();
    while (const auto record = next_match(lines, matcher_)) {
      text += "id: " + std::to_string(record->seq) + "\ndata: ";
      text += record->line;
      text += "\n\n";
    }
    return text;
  }

 private:
  AuditFollower follower_;
  AuditMatcher matcher_;
};

AdminResponse stream(const Gateway& gateway, const AdminRequest& request) {
  std::optional<std::uint64_t> after;
  if (!value_of(request, "after").empty()) {
    after = number_of(request, "after", 0);
    if (!after) return error_response(http::status::bad_request, "after is the seq of a record");
  }
  AdminResponse response{.type = "text/event-stream", .body = ": records of the audit log\n\n"};
  response.stream = std::make_shared<EventStream>(gateway.boot().audit.path, after, query_of(request));
  return response;
}

}  // namespace

void add_event_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/api/v1/events",
                    .answer = [&gateway](const AdminRequest& request) { return events(gateway, request); },
                    .searches = true});
  routes.push_back({.path = "/api/v1/events/stream",
                    .answer = [&gateway](const AdminRequest& request) { return stream(gateway, request); },
                    .searches = true});
}

}  // namespace gate
