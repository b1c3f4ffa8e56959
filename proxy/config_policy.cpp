#include "proxy/config_policy.hpp"

#include <optional>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

constexpr std::uint64_t largest_size = std::uint64_t{1} << 62U;

constexpr std::array<Field<PolicyDraft>, 3> policy_fields{{
    {"default",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.fallback, value.choice(actions)); }},
    {"notice",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.notice.on, value.boolean()); }},
    {"include",
     [](const Value& value, PolicyDraft& draft) {
       constexpr std::string_view expected =
           "write a list of file names or patterns, such as [\"allow.d/*.toml\"]";
       value.elements(Value::Empty::fine, expected, [&](const Value& element) {
         if (auto pattern = element.parsed(file_name_from, expected)) {
           draft.includes.push_back({element.place(), *std::move(pattern)});
         }
       });
     }},
}};

/// Which reactions a cause offers, the default first (decisions.md 5).
template <Cause cause, Reaction... offered>
void read_reaction(const Value& value, PolicyDraft& draft) {
  constexpr std::array<Reaction, sizeof...(offered)> choices{offered...};
  const std::array<std::string_view, sizeof...(offered)> words{name_of(offered)...};
  const std::optional<std::size_t> word = value.word_of(words);
  if (word) draft.source.failure[static_cast<std::size_t>(cause)] = choices[*word];
}

constexpr std::array<Field<PolicyDraft>, cause_count> failure_fields{{
    {"parse-error", read_reaction<Cause::parse_error, Reaction::close, Reaction::pass>},
    {"not-msnp", read_reaction<Cause::not_msnp, Reaction::close, Reaction::pass>},
    {"http-ambiguous", read_reaction<Cause::http_ambiguous, Reaction::close, Reaction::pass>},
    {"reassembly-limit", read_reaction<Cause::reassembly_limit, Reaction::block, Reaction::close>},
    {"memory", read_reaction<Cause::memory, Reaction::close, Reaction::block>},
    {"audit-write-failed", read_reaction<Cause::audit_write_failed, Reaction::block, Reaction::pass>},
    {"unfollowed", read_reaction<Cause::unfollowed, Reaction::block, Reaction::pass, Reaction::close>},
}};

template <std::uint64_t ObjectCaps::*cap>
void read_cap(const Value& value, PolicyDraft& draft) {
  store(draft.source.caps.*cap, value.size(0, largest_size));
}

constexpr std::array<Field<PolicyDraft>, 1> refusal_fields{{
    {"p2p_v2",
     [](const Value& value, PolicyDraft& draft) {
       constexpr std::array modes{msnp::RefusalMode::tombstone, msnp::RefusalMode::withhold};
       const std::array<std::string_view, 2> words{name_of(modes[0]), name_of(modes[1])};
       if (const auto word = value.word_of(words)) draft.source.refusal_mode = modes[*word];
     }},
}};

constexpr std::array<Field<PolicyDraft>, 8> object_fields{{
    {"display-picture", read_cap<&ObjectCaps::display_picture>},
    {"custom-emoticon", read_cap<&ObjectCaps::custom_emoticon>},
    {"wink", read_cap<&ObjectCaps::wink>},
    {"voice-clip", read_cap<&ObjectCaps::voice_clip>},
    {"background", read_cap<&ObjectCaps::background>},
    {"ink", read_cap<&ObjectCaps::ink>},
    {"over_size",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.over_size, value.choice(actions)); }},
    {"wrong_digest",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.wrong_digest, value.choice(actions)); }},
}};

}  // namespace

void read_policy(const Value& value, PolicyDraft& draft) {
  read_table(value, policy_fields, draft);
}
void read_failure(const Value& value, PolicyDraft& draft) {
  read_table(value, failure_fields, draft);
}
void read_refusal(const Value& value, PolicyDraft& draft) {
  read_table(value, refusal_fields, draft);
}
void read_objects(const Value& value, PolicyDraft& draft) {
  read_table(value, object_fields, draft);
}

void append_policy_keys(std::vector<std::string>& keys) {
  append_keys("policy.", policy_fields, keys);
  append_keys("failure.", failure_fields, keys);
  append_keys("refusal.", refusal_fields, keys);
  append_keys("objects.", object_fields, keys);
  append_rule_keys(keys);
  append_notice_keys(keys);
}

}  // namespace gate
