#include "script.hpp"

#include <array>
#include <cstdio>

#include "tests/support/invitations.hpp"

namespace differential {
namespace {

constexpr std::array dialects{2U,  3U,  4U,  5U,  6U,  7U,  8U,  9U,  10U, 11U,
                              12U, 13U, 14U, 15U, 16U, 17U, 18U, 19U, 20U, 21U};
constexpr unsigned first_with_endpoints = 16;
constexpr unsigned first_with_v2 = 18;
constexpr unsigned first_with_datagrams = 21;
// Rounds at the end in which nobody invites: what was begun comes to its end there.
constexpr std::size_t quiet_rounds = 5;
constexpr std::size_t login_rounds = 4;

std::string guid(std::uint64_t first, std::uint64_t last) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "{%08X-0000-4000-8000-%012llX}", static_cast<unsigned>(first),
                static_cast<unsigned long long>(last));
  return text.data();
}

Person make_person(const char* letter, const char* domain, const Script& script) {
  Person person;
  person.account = letter + std::to_string(script.number) + domain;
  person.nick = std::string(1, static_cast<char>(*letter - 'a' + 'A')) + std::to_string(script.number);
  person.shown = person.account;
  if (script.dialect >= first_with_endpoints) {
    person.shown += ";" + guid(static_cast<unsigned char>(*letter), script.number);
  }
  return person;
}

std::string random_bytes(Dice& dice, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::uint64_t value = dice.next();
    for (unsigned i = 0; i < 8 && bytes.size() < size; ++i)
      bytes.push_back(static_cast<char>(value >> (8 * i)));
  }
  return bytes;
}

Form any_form(const Script& script, Dice& dice, What what) {
  if (!script.switchboard) return Form::datagram;
  if (what == What::file && dice.chance(30)) return Form::classic;
  return script.version2 ? Form::p2p_v2 : Form::p2p_v1;
}

Call any_call(const Script& script, Dice& dice, std::size_t index) {
  Call call;
  call.what =
      dice.pick({What::file, What::file, What::file, What::file, What::unknown_application, What::picture,
                 What::picture, What::picture, What::emoticon, What::wink, What::webcam});
  call.form = any_form(script, dice, call.what);
  call.from = dice.chance(50) ? Side::client : Side::server;
  const std::uint64_t unique = script.number * 100 + index;
  const bool text_file = dice.chance(35);
  call.name = "f" + std::to_string(unique) + (text_file ? ".txt" : dice.pick({".exe", ".doc", ".zip"}));
  call.id = call.form == Form::classic ? std::to_string(1'000'000 + unique) : guid(0x10000000, unique);
  call.session = static_cast<std::uint32_t>(100'000 + unique);
  call.data = random_bytes(dice, dice.between(5, dice.chance(20) ? 20'000 : 3'000));
  call.most = dice.chance(70) ? 1202 : dice.between(300, 1202);
  call.letter = dice.pick({'U', 'N', 'A', 'D'});
  call.blocked = call.what == What::unknown_application || (call.what == What::file && !text_file);
  call.eager = call.blocked && call.form != Form::classic && dice.chance(25);
  call.transports = call.what == What::file && call.form != Form::classic && dice.chance(40);
  return call;
}

}  // namespace

std::string Script::fence(Side from, std::size_t round) const {
  if (!switchboard) return from == Side::client ? "PNG\r\n" : dialect >= 9 ? "QNG 50\r\n" : "QNG\r\n";
  return message(*this, from, 90'000 + round, 'N',
                 gate::test::mime_block("text/plain; charset=UTF-8", "fence " + std::to_string(round)));
}

std::string message(const Script& script, Side from, std::uint64_t transaction, char letter,
                    std::string_view payload) {
  std::string words = "MSG ";
  if (from == Side::client) {
    words.append(std::to_string(transaction)).append(" ").push_back(letter);
  } else {
    words.append(script.peer.account).append(" ").append(script.peer.nick);
  }
  return with_payload(words, payload);
}

void add_calls(Script& script, Dice& dice) {
  if (script.rounds.size() <= quiet_rounds + login_rounds) return;
  const std::size_t count = script.switchboard ? dice.below(7) : dice.below(4);
  // Offers of somebody whom the server has not accepted yet are blocked whatever they are.
  const std::size_t first = script.switchboard ? 1 : login_rounds;
  const std::size_t rounds = script.rounds.size() - quiet_rounds - first;
  for (std::size_t i = 0; i < count; ++i) {
    script.calls.push_back(any_call(script, dice, i));
    const Call& call = script.calls.back();
    auto& acts = script.rounds[first + dice.below(rounds)].acts[index_of(call.from)];
    const auto place = acts.begin() + static_cast<std::ptrdiff_t>(dice.below(acts.size() + 1));
    acts.insert(place, Act{{}, static_cast<int>(i)});
  }
}

Script make_script(std::uint64_t seed, std::uint64_t number) {
  Dice dice(seed * 0x9E3779B97F4A7C15U + number);
  for (int i = 0; i < 3; ++i) dice.next();
  Script script;
  script.number = number;
  script.dialect = dialects[dice.below(dialects.size())];
  script.switchboard = dice.chance(75);
  script.version2 = script.dialect >= first_with_v2 && dice.chance(70);
  script.local = make_person("a", "@example.com", script);
  script.peer = make_person("b", "@example.org", script);
  if (script.switchboard) {
    add_switchboard_rounds(script, dice);
  } else {
    add_notification_rounds(script, dice);
  }
  script.rounds.back().together = false;  // the server answers all that the client said
  if (script.switchboard || script.dialect >= first_with_datagrams) add_calls(script, dice);
  return script;
}

}  // namespace differential
