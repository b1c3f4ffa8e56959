#include "compare.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace differential {
namespace {

std::string shown(std::string_view bytes) {
  constexpr std::size_t most = 400;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes.substr(0, most)) {
    if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte >= ' ' && byte <= '~') {
      text += byte;
    } else {
      text += "\\x";
      text += digits[static_cast<unsigned char>(byte) >> 4U];
      text += digits[static_cast<unsigned char>(byte) & 15U];
    }
  }
  if (bytes.size() > most) text += "... " + std::to_string(bytes.size()) + " bytes";
  return text;
}

struct Judge {
  const Script& script;
  Road road;
  std::vector<std::string> faults;

  [[nodiscard]] bool gone(const Frame& frame) const {
    return blocks(road) && frame.call >= 0 && script.calls[static_cast<std::size_t>(frame.call)].blocked;
  }
  /// Whether a v2 refusal may have changed numbers in this conversation.
  [[nodiscard]] bool renumbered() const {
    return blocks(road) && script.version2 &&
           std::any_of(script.calls.begin(), script.calls.end(),
                       [](const Call& call) { return call.blocked && call.form != Form::classic; });
  }

  void same(const std::string& where, const std::vector<std::string>& expected,
            const std::vector<std::string>& found) {
    const auto [left, right] = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
    if (left == expected.end() && right == found.end()) return;
    const auto place = std::to_string(left - expected.begin());
    faults.push_back(where + ": frame " + place + " of " + std::to_string(expected.size()) + " is\n    " +
                     (right == found.end() ? "missing" : shown(*right)) + "\n  and should be\n    " +
                     (left == expected.end() ? "none" : shown(*left)));
  }

  /// All that was said in one direction against all that was heard.
  void direction(const std::string& where, const End& from, const End& to) {
    std::vector<std::string> expected, found;
    const bool exact = !blocks(road);
    const auto form = [&](const Frame& frame, const std::string& bytes) {
      if (frame.package == 0 || !renumbered()) return bytes;
      return without_numbers(bytes, std::string_view(bytes).substr(frame.package), true);
    };
    for (const Frame& frame : from.said) {
      if (exact || !(gone(frame) || frame.aside)) {
        const bool edited = !exact && !frame.edited.empty();
        expected.push_back(form(frame, edited ? frame.edited : frame.bytes));
      }
    }
    for (const Frame& frame : to.heard) {
      if (exact || !frame.aside) found.push_back(form(frame, frame.bytes));
    }
    same(where, expected, found);
    if (!exact) nothing_of_blocked_calls(where, from, to);
  }

  /// What replaces a package of a blocked call has none of its bytes.
  void nothing_of_blocked_calls(const std::string& where, const End& from, const End& to) {
    std::set<std::string_view> blocked;
    const auto data_of = [](const Frame& frame) {
      const auto package = package_v2(std::string_view(frame.bytes).substr(frame.package));
      return package->data.find_first_not_of('\0') == std::string_view::npos ? std::string_view()
                                                                             : package->data;
    };
    for (const Frame& frame : from.said) {
      if (gone(frame) && frame.package != 0) blocked.insert(data_of(frame));
    }
    blocked.erase(std::string_view());
    for (const Frame& frame : to.heard) {
      if (gone(frame) && frame.package != 0 && blocked.contains(data_of(frame))) {
        faults.push_back(where + ": a package of a blocked call arrived: " + shown(frame.bytes));
      }
    }
  }

  /// An end says the same on both roads, but for calls that are blocked on one of them.
  void words(const std::string& where, const End& direct, const End& through) {
    std::array<std::vector<std::string>, 2> said;
    for (std::size_t i = 0; i < 2; ++i) {
      for (const Frame& frame : (i == 0 ? direct : through).said) {
        if (gone(frame) || frame.aside) continue;
        said[i].push_back(
            frame.package == 0
                ? frame.bytes
                : without_numbers(frame.bytes, std::string_view(frame.bytes).substr(frame.package), false));
      }
    }
    same(where, said[0], said[1]);
  }

  /// The client gets an ACK for each message that asks for one, whatever became of it.
  void acknowledgements(const End& client) {
    std::map<std::string, int> owed;
    for (const Frame& frame : client.said) {
      const auto words = words_of(line_of(frame.bytes));
      if (words[0] == "MSG" && (words[2] == "A" || words[2] == "D")) ++owed[std::string(words[1])];
    }
    for (const Frame& frame : client.heard) {
      if (frame.bytes.starts_with("ACK ")) --owed[std::string(line_of(frame.bytes).substr(4))];
    }
    for (const auto& [transaction, count] : owed) {
      if (count != 0)
        faults.push_back("transaction " + transaction + " misses " + std::to_string(count) + " ACK");
    }
  }

  /// Of the three gateways only the one that replaces tells its users, once for an offer, and some offers
  /// that are alike only once.
  void notices(const Ends& ends) {
    const auto blocked = std::count_if(script.calls.begin(), script.calls.end(),
                                       [](const Call& call) { return call.blocked; });
    const bool tells = road == Road::replacing && blocked > 0;
    if (ends.client.notices > (tells ? blocked : 0) || (tells && ends.client.notices == 0)) {
      faults.push_back(std::to_string(ends.client.notices) + " notices of " + std::to_string(blocked) +
                       " blocked calls");
    }
  }

  void calls(const Ends& ends) {
    for (std::size_t i = 0; i < script.calls.size(); ++i) {
      const Call& call = script.calls[i];
      const bool from_client = call.from == Side::client;
      const Seen& offerer = (from_client ? ends.client : ends.server).seen[i];
      const Seen& invited = (from_client ? ends.server : ends.client).seen[i];
      const std::string name = "call " + std::to_string(i) + " " + call.id;
      const bool stopped = blocks(road) && call.blocked;
      const bool declined = stopped || call.what == What::webcam;
      if (offerer.declined != (declined ? 1 : 0)) {
        faults.push_back(name + ": the offerer was told " + std::to_string(offerer.declined) +
                         " times that it is declined");
      }
      if (offerer.accepted == declined) faults.push_back(name + ": accepted, or not, against the policy");
      if (stopped && !invited.data.empty()) faults.push_back(name + ": data arrived");
      if (stopped && call.form == Form::p2p_v1 && offerer.acknowledged < 1) {
        faults.push_back(name + ": the offer was not acknowledged");
      }
      const bool object = call.what != What::file && call.what != What::unknown_application;
      const Seen& receiver = object ? offerer : invited;
      if (!declined && call.form != Form::classic && receiver.data != call.data) {
        faults.push_back(name + ": " + std::to_string(receiver.data.size()) +
                         " bytes of data arrived, not the " + std::to_string(call.data.size()) +
                         " that were sent");
      }
    }
  }
};

}  // namespace

std::vector<std::string> differences(const Script& script, Road road, const Ends& direct,
                                     const Ends& through) {
  Judge judge{script, road, {}};
  for (const End* end : {&through.client, &through.server}) {
    judge.faults.insert(judge.faults.end(), end->complaints.begin(), end->complaints.end());
  }
  judge.direction("to the server", through.client, through.server);
  judge.direction("to the client", through.server, through.client);
  if (road != Road::direct) {
    judge.words("the client's words on both roads", direct.client, through.client);
    judge.words("the server's words on both roads", direct.server, through.server);
  }
  judge.acknowledgements(through.client);
  judge.calls(through);
  judge.notices(through);
  return judge.faults;
}

}  // namespace differential
