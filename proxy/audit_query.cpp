#include "proxy/audit_query.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/audit_json.hpp"
#include "proxy/escape.hpp"
#include "proxy/json_line.hpp"

namespace gate {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

std::string in_json(std::string_view text) {
  std::string quoted;
  JsonLine(quoted).text(showable(text));
  return quoted.substr(1, quoted.size() - 2);
}

bool has_wildcards(std::string_view text) noexcept {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

AuditMatcher::Wanted AuditMatcher::wanted(const std::string& text) {
  Wanted wanted{in_json(lower(text)), std::nullopt};
  // Letters beyond ASCII have more than one case: comparing those is the pattern's work too.
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (has_wildcards(text) || !ascii) wanted.pattern.emplace(text);
  return wanted;
}

AuditMatcher::AuditMatcher(const AuditQuery& query) : query_(query) {
  for (const auto& [texts, list] : {std::pair{&query.users, &users_},
                                    {&query.peers, &peers_},
                                    {&query.names, &names_},
                                    {&query.rules, &rules_}}) {
    for (const std::string& text : *texts) list->push_back(wanted(text));
  }
  if (query.since) since_ = to_rfc3339(*query.since);
  if (query.until) until_ = to_rfc3339(*query.until);
  choose_needle();
}

// Of several texts the one that fewest lines are likely to have.
void AuditMatcher::choose_needle() {
  const auto account = [](const std::vector<Wanted>& list) {
    return list.size() == 1 && !list.front().pattern ? '"' + list.front().exact + '"' : std::string();
  };
  if (query_.ids.size() == 1) {
    needle_ = R"("id":")" + query_.ids.front() + '"';
  } else if (query_.seq_from == query_.seq_to) {
    needle_ = R"("seq":)" + std::to_string(query_.seq_from) + ',';
  } else if (needle_ = account(users_); !needle_.empty()) {
    needle_.insert(0, R"("user":)");
  } else if (needle_ = account(peers_); !needle_.empty()) {
    return;
  } else if (!names_.empty()) {
    needle_ = R"("file":{)";
  } else if (choose_word(); needle_.empty() && !rules_.empty()) {
    needle_ = R"("rule":")";
  }
}

// The first that is asked for alone.
void AuditMatcher::choose_word() {
  for (const auto& [key, words] : {std::pair{R"("kind":")", &query_.kinds},
                                   {R"("reason":")", &query_.reasons},
                                   {R"("action":")", &query_.actions},
                                   {R"("event":")", &query_.events}}) {
    if (words->size() != 1) continue;
    needle_ = key + words->front() + '"';
    return;
  }
}

bool AuditMatcher::fits(const std::vector<Wanted>& list, std::string_view escaped) {
  if (list.empty()) return true;
  return std::any_of(list.begin(), list.end(), [&](const Wanted& one) {
    if (one.pattern) return one.pattern->matches(text_of_json(escaped));
    return escaped.size() == one.exact.size() && lower(std::string(escaped)) == one.exact;
  });
}

bool AuditMatcher::fits_any(const std::vector<Wanted>& list, std::string_view array) {
  if (list.empty()) return true;
  while (const auto text = next_text(array)) {
    if (fits(list, *text)) return true;
  }
  return false;
}

bool AuditMatcher::fits_name(const AuditRecord& record) const {
  if (names_.empty()) return true;
  if (record[AuditKey::file].empty()) return false;
  return fits(names_, record.member(AuditKey::file, "name")) ||
         fits(names_, record.member(AuditKey::file, "name_shown")) ||
         fits_any(names_, record.member(AuditKey::file, "other_names"));
}

// Where no rule decided none fits, not even any.
bool AuditMatcher::fits_rule(std::string_view rule) const {
  return rules_.empty() || (!rule.empty() && fits(rules_, rule));
}

bool AuditMatcher::fits_client(std::string_view client) const {
  if (query_.clients.empty()) return true;
  std::string_view address = client.substr(0, client.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return std::any_of(query_.clients.begin(), query_.clients.end(),
                     [&](const std::string& one) { return one == client || one == address; });
}

bool AuditMatcher::fits_words(const AuditRecord& record) const {
  return has(query_.ids, record[AuditKey::id]) && has(query_.events, record[AuditKey::event]) &&
         has(query_.actions, record[AuditKey::action]) && has(query_.reasons, record[AuditKey::reason]) &&
         has(query_.kinds, record[AuditKey::kind]) && has(query_.directions, record[AuditKey::direction]) &&
         has(query_.forms, record[AuditKey::form]) && has(query_.policies, record[AuditKey::policy]);
}

bool AuditMatcher::matches(const AuditRecord& record) const {
  const std::string_view time = record[AuditKey::time];
  if ((!since_.empty() && time < since_) || (!until_.empty() && time >= until_)) return false;
  if (record.seq < query_.seq_from || record.seq > query_.seq_to) return false;
  return fits_words(record) && fits_client(record[AuditKey::client]) &&
         fits(users_, record[AuditKey::user]) && fits_any(peers_, record[AuditKey::peers]) &&
         fits_rule(record[AuditKey::rule]) && fits_name(record);
}

}  // namespace gate
