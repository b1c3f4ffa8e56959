#include "proxy/audited_question.hpp"

#include <charconv>
#include <exception>

#include "proxy/account_hash.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/moment.hpp"

namespace gate {
namespace {

std::string text(const AuditRecord& record, AuditKey key) {
  return text_of_json(record[key]);
}

boost::asio::ip::address client_of(const std::string& endpoint) {
  std::string host = endpoint.substr(0, endpoint.rfind(':'));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  boost::system::error_code ignored;
  return boost::asio::ip::make_address(host, ignored);
}

AuditedQuestion question_of(const AuditRecord& record) {
  AuditedQuestion decision;
  decision.id = text(record, AuditKey::id);
  decision.action = text(record, AuditKey::action);
  decision.reason = text(record, AuditKey::reason);
  decision.rule = text(record, AuditKey::rule);
  decision.policy = text(record, AuditKey::policy);
  decision.form = text(record, AuditKey::form);
  AskedQuestion& asked = decision.asked;
  asked.user = text(record, AuditKey::user);
  std::string_view peers = record[AuditKey::peers];
  while (const auto peer = next_text(peers)) asked.peers.push_back(text_of_json(*peer));
  if (asked.peers.empty()) asked.peers.emplace_back();
  if (const std::string_view name = record.member(AuditKey::file, "name"); !name.empty()) {
    asked.names.push_back(text_of_json(name));
    std::string_view others = record.member(AuditKey::file, "other_names");
    while (const auto other = next_text(others)) asked.names.push_back(text_of_json(*other));
  }
  Question& question = asked.question;
  const std::string_view size = record.member(AuditKey::file, "size");
  std::uint64_t bytes = 0;
  if (std::from_chars(size.data(), size.data() + size.size(), bytes).ec == std::errc{} && !size.empty()) {
    question.size = bytes;
  }
  question.client = client_of(text(record, AuditKey::client));
  question.direction = direction_named(record[AuditKey::direction]).value_or(question.direction);
  question.kind = msnp::kind_named(record[AuditKey::kind]).value_or(msnp::Kind::unknown_application);
  for (const msnp::Reason reason : {msnp::Reason::object_over_size, msnp::Reason::object_wrong_digest}) {
    if (decision.reason == msnp::name_of(reason)) question.reason = reason;
  }
  question.at = moment_of(record[AuditKey::time]).value_or(question.at);
  return decision;
}

}  // namespace

std::variant<AuditedQuestion, std::string> audited_question(const std::filesystem::path& log,
                                                            const std::string& id) {
  std::variant<AuditedQuestion, std::string> found = "no record in " + log.string() + " has the id " + id;
  try {
    AuditQuery query;
    query.ids = {id};
    AuditReader(log).each(query, [&found, &id](const AuditRecord& record) {
      if (record[AuditKey::kind].empty() || record[AuditKey::action].empty()) {
        found = "the record " + id + " is no decision about a transfer";
      } else {
        AuditedQuestion decision = question_of(record);
        if (decision.asked.user.starts_with(hashed_account)) {
          found = "the record " + id + " says only as a hash who it was, and rules know accounts";
        } else {
          found = std::move(decision);
        }
      }
      return false;
    });
  } catch (const std::exception& error) {
    return std::string(error.what());
  }
  return found;
}

}  // namespace gate
