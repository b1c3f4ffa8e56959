#include "proxy/notice.hpp"

#include <algorithm>
#include <functional>

#include "proxy/escape.hpp"
#include "proxy/rule.hpp"

namespace gate {
namespace {

constexpr std::size_t longest_word = 200;  // of foreign text in a notice
constexpr std::size_t remembered = 4096;
/// Different offers of one pair told within one interval: who offers a thousand files learns it from five.
constexpr unsigned most_of_a_pair = 5;

struct Placeholder {
  std::string_view name;
  std::string_view (*value)(const NoticeSettings& settings, const Stopped& stopped);
};
constexpr std::array<Placeholder, 5> placeholders{{
    {"file", [](const NoticeSettings&,
                const Stopped& stopped) { return stopped.file.empty() ? stopped.kind : stopped.file; }},
    {"kind", [](const NoticeSettings&, const Stopped& stopped) { return stopped.kind; }},
    {"peer", [](const NoticeSettings&,
                const Stopped& stopped) { return stopped.peer.empty() ? "somebody" : stopped.peer; }},
    {"rule", [](const NoticeSettings&, const Stopped& stopped) { return stopped.rule; }},
    {"contact",
     [](const NoticeSettings& settings, const Stopped&) { return std::string_view(settings.contact); }},
}};

/// Calls `plain` for text between placeholders and `filled` for each placeholder; false at the first brace
/// that is none.
template <class Plain, class Filled>
bool walk(std::string_view text, Plain plain, Filled filled) {
  while (!text.empty()) {
    const std::size_t open = std::min(text.find_first_of("{}"), text.size());
    plain(text.substr(0, open));
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('}');
    if (text.front() == '}' || close == std::string_view::npos) return false;
    const auto* const found =
        std::find_if(placeholders.begin(), placeholders.end(),
                     [name = text.substr(1, close - 1)](const Placeholder& one) { return one.name == name; });
    if (found == placeholders.end()) return false;
    filled(*found);
    text.remove_prefix(close + 1);
  }
  return true;
}

/// Cuts between characters.
void cut(std::string& text, std::size_t limit) {
  std::size_t kept = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t size = first_code_point(rest).size;
    if (kept + size > limit) break;
    kept += size;
    rest.remove_prefix(size);
  }
  text.resize(kept);
}

}  // namespace

std::string notice_text(const NoticeSettings& settings, const Stopped& stopped) {
  std::string text;
  const auto plain = [&text](std::string_view words) {
    for (const char letter : words) {
      if (letter == '\n') text += '\r';
      text += letter;
    }
  };
  (void)walk(settings.text, plain, [&](const Placeholder& placeholder) {
    text += showable(placeholder.value(settings, stopped), longest_word);
  });
  cut(text, notice_limit);
  text.resize(text.find_last_not_of(" \r\n") + 1);
  return text;
}

std::optional<std::string> fault_in_notice(std::string_view text) {
  if (text.empty() || text.size() > notice_limit / 2) return "has to have 1 to 600 bytes";
  const bool clean = std::none_of(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) < 0x20 && letter != '\n') || letter == 0x7F;
  });
  if (!clean) return "has control characters; of these only a new line may be there";
  const auto nothing = [](const auto&) {};
  if (walk(text, nothing, nothing)) return std::nullopt;
  std::string words = "has braces around another word than those known:";
  for (const Placeholder& placeholder : placeholders) {
    words.append(" {").append(placeholder.name).append("}");
  }
  return words;
}

NoticeDamper::Told& NoticeDamper::told(std::string_view key, msnp::Moment now,
                                       std::chrono::milliseconds interval) {
  const std::size_t hash = std::hash<std::string_view>{}(key);
  const auto [entry, is_new] = told_.try_emplace(hash, Told{now, 0});
  if (is_new) {
    order_.push_back(hash);
    if (order_.size() > remembered) {
      told_.erase(order_.front());
      order_.pop_front();
    }
  } else if (now - entry->second.since >= interval.count()) {
    entry->second = {now, 0};
  }
  return entry->second;
}

bool NoticeDamper::lets_through(const Stopped& stopped, msnp::Moment now,
                                std::chrono::milliseconds interval) {
  // No text of the wire can end another: all but the last are accounts, names of ours or bounded by NULs.
  std::string who(stopped.user);
  who.append(1, '\0').append(stopped.peer);
  const Told& pair = told(who, now, interval);
  if (pair.count >= most_of_a_pair) return false;
  std::string what = who;
  what.append(1, '\0').append(name_of(stopped.direction));
  what.append(1, '\0').append(stopped.kind).append(1, '\0').append(stopped.file);
  Told& offer = told(what, now, interval);
  // What is tried again counts for nothing.
  if (offer.count == 0) ++told(who, now, interval).count;
  return offer.count++ == 0;
}

}  // namespace gate
