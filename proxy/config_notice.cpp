// [notice]: what the local user is told. Whether, is [policy] notice.
#include <algorithm>
#include <optional>

#include "proxy/config_policy.hpp"

namespace gate {
namespace {

constexpr std::size_t longest_contact = 200;
constexpr std::size_t longest_sender = 60;

template <std::size_t longest>
std::optional<std::string> line_from(std::string_view text) {
  const bool clean = text.size() <= longest && std::none_of(text.begin(), text.end(), [](char letter) {
                       return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
                     });
  return clean ? std::optional<std::string>(text) : std::nullopt;
}

constexpr std::array<Field<NoticeSettings>, 4> notice_fields{{
    {"text",
     [](const Value& value, NoticeSettings& notice) {
       auto text = value.text("write the words to be shown, such as \"{file} was stopped: {rule}\"");
       if (!text) return;
       if (const auto fault = fault_in_notice(*text)) {
         value.complain("the text " + *fault);
       } else {
         notice.text = *std::move(text);
       }
     }},
    {"contact",
     [](const Value& value, NoticeSettings& notice) {
       store(notice.contact, value.parsed(line_from<longest_contact>, "write one line of at most 200 bytes"));
     }},
    {"sender",
     [](const Value& value, NoticeSettings& notice) {
       store(notice.sender, value.parsed(line_from<longest_sender>, "write one line of at most 60 bytes"));
     }},
    {"interval",
     [](const Value& value, NoticeSettings& notice) {
       using namespace std::chrono_literals;
       store(notice.interval, value.duration(0ms, 24h));
     }},
}};

}  // namespace

void read_notice(const Value& value, PolicyDraft& draft) {
  read_table(value, notice_fields, draft.source.notice);
}

void append_notice_keys(std::vector<std::string>& keys) {
  append_keys("notice.", notice_fields, keys);
}

}  // namespace gate
