// GET /api/v1/summary: what was decided in the last hours, in numbers.
#include <charconv>
#include <chrono>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/audit_json.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/event_summary.hpp"
#include "proxy/gateway.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using namespace std::chrono;

constexpr int most_hours = 24 * 366;
constexpr std::size_t most_ranked = 10;

json::array ranking(const EventSummary::Ranking& names) {
  json::array list;
  for (const auto& [name, amount] : EventSummary::top(names, most_ranked)) {
    list.push_back(json::object{{"name", name}, {"count", amount}});
  }
  return list;
}

EventSummary summary_of(const std::filesystem::path& log, sys_seconds from, seconds bucket) {
  AuditQuery query;
  query.since = from;
  EventSummary all(from, bucket);
  // One for each piece of the log; made where it is first needed.
  using Piece = std::optional<EventSummary>;
  AuditReader(log).each_chunk<Piece>(
      query, false,
      [&](const AuditRecord& record, Piece& piece) {
        if (!piece) piece.emplace(from, bucket);
        piece->add(record);
      },
      [&all](const Piece& piece) {
        if (piece) all.add(*piece);
        return true;
      });
  return all;
}

AdminResponse summary(const Gateway& gateway, const AdminRequest& request) {
  const auto found = request.query.find("hours");
  const std::string_view text = found == request.query.end() ? "24" : std::string_view(found->second);
  int hours = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hours);
  if (error != std::errc() || end != text.data() + text.size() || hours < 1 || hours > most_hours) {
    return error_response(http::status::bad_request, "hours is 1 to " + std::to_string(most_hours));
  }
  const seconds bucket{hours * 3600 / static_cast<int>(EventSummary::bucket_count)};
  const auto now = floor<seconds>(system_clock::now());
  const sys_seconds from = now + seconds{1} - bucket * static_cast<int>(EventSummary::bucket_count);
  const EventSummary all = summary_of(gateway.boot().audit.path, from, bucket);

  json::array buckets;
  for (const EventSummary::Bucket& one : all.buckets())
    buckets.push_back(json::array(one.begin(), one.end()));
  const EventSummary::Bucket totals = all.totals();
  return json_response(json::object{{"from", to_rfc3339(from)},
                                    {"bucket_seconds", bucket.count()},
                                    {"buckets", std::move(buckets)},
                                    {"totals",
                                     {{"block", totals[EventSummary::block]},
                                      {"allow", totals[EventSummary::allow]},
                                      {"observe", totals[EventSummary::observe]},
                                      {"failure", totals[EventSummary::failure]},
                                      {"session", all.sessions()}}},
                                    {"kinds", ranking(all.kinds())},
                                    {"users", ranking(all.users())},
                                    {"causes", ranking(all.causes())}});
}

}  // namespace

void add_summary_route(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/api/v1/summary",
                    .answer = [&gateway](const AdminRequest& request) { return summary(gateway, request); },
                    .searches = true});
}

}  // namespace gate
