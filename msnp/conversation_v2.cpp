// P2P packages of version 2 on their bridges, over switchboards and in SDG (transfers.md 3, 7.3): what is
// refused goes on as a tombstone, and from then on both sides' numbers are translated; or, by the setting
// `[refusal] p2p_v2 = "withhold"` and where a bridge began unseen, it is taken out and answered.
#include <algorithm>
#include <functional>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"
#include "msnp/refusal.hpp"
#include "msnp/transport.hpp"

namespace msnp {
namespace {

/// Bridges of one connection: one for each pair of endpoints that exchange packages.
constexpr std::size_t bridges_limit = 32;

/// How long something in the name of the true sender waits for that one to speak first, or to come to the end
/// of a message. With the tick that ends the wait an offerer is told within half a second
/// (block-proof.md 4.3).
constexpr Moment patience = 200;

/// Bits of TF that mark data of an object or a file; without them readers take the bytes for a text.
constexpr std::uint8_t data_flags = 6;

/// The end a header names, under the account that the server vouches for.
std::string end_of(std::string_view account, std::string_view named) {
  std::string end(account);
  const std::size_t endpoint = named.find(';');
  if (endpoint != std::string_view::npos) end += named.substr(endpoint);
  return end;
}

CarriedPackage carried(const Passage& passage, const PackageV2& package, Bytes bytes) {
  CarriedPackage one;
  one.place = passage.place_of(bytes.data());
  one.data_place = one.place + package.data_offset;
  one.data_size = package.data.size();
  one.base_id = package.base_id;
  one.message_length = package.message_length;
  one.to_be_continued = package.remaining > 0;
  one.acknowledgements = package.acknowledgements;
  one.acknowledgement_count = package.acknowledgement_count;
  return one;
}

/// What the packages of one message have in common. Datagrams differ in their heads.
std::size_t common_of(const Passage& passage, const Bridge& bridge, const PackageV2& package) {
  const std::size_t kind = package.type_flags & 0xFEU;
  if (bridge.form == Form::sdg) return kind;
  const auto place = static_cast<std::size_t>(package.data.data() - passage.frame.payload.data());
  const std::string_view head = as_text(passage.frame.payload).substr(0, place - package.data_offset);
  return std::hash<std::string_view>{}(head) ^ kind;
}

/// Taken out, instead of going on with other data.
bool withholds(const Scene& scene, const Bridge& bridge) noexcept {
  return scene.judge.refusal_mode() == RefusalMode::withhold || bridge.began_unseen;
}

CarriedPackage::Fate fate_of_refused(const Scene& scene, const Bridge& bridge) noexcept {
  return withholds(scene, bridge) ? CarriedPackage::Fate::dropped : CarriedPackage::Fate::passes;
}

}  // namespace

Bridge& Conversation::bridge_of(const Passage& passage, std::string_view destination, std::string_view source,
                                Form form) {
  const bool to_server = passage.direction == Direction::to_server;
  std::string local(to_server ? source : destination);
  std::string remote(to_server ? destination : source);
  if (passage.side == Side::switchboard) {
    local = end_of(passage.who.user_spelling(), local);
    const std::string_view sender = passage.frame.line.token(0);
    if (!to_server) remote = end_of(sender.substr(0, sender.find(';')), remote);
  }
  const auto found = std::find_if(bridges_.begin(), bridges_.end(), [&](const Bridge& bridge) {
    return bridge.form == form && equal_folded(bridge.remote, remote) && equal_folded(bridge.local, local);
  });
  if (found != bridges_.end()) {
    bridges_.splice(bridges_.begin(), bridges_, found);
    return bridges_.front();
  }
  if (bridges_.size() >= bridges_limit) {
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      Transit forgotten(bridges_.back(), direction, {});
      for (BridgeText& text : forgotten.stream().texts) abandon(passage, forgotten, text);
    }
    bridges_.pop_back();
  }
  Bridge& bridge = bridges_.emplace_front();
  bridge.local = std::move(local);
  bridge.remote = std::move(remote);
  bridge.form = form;
  return bridge;
}

Fate Conversation::see_packages(const Passage& passage, Bridge& bridge, std::span<const Found> found) {
  Transit transit(bridge, passage.direction, passage.wire);
  Numbering& numbers = transit.stream().numbers;
  transit.carrier.packages.reserve(found.size());
  for (const Found& one : found) {
    if (!numbers.began() && !transit.other_numbers().began()) {
      bridge.began_unseen = !one.package.opens_bridge();
    }
    CarriedPackage& package = transit.carrier.packages.emplace_back(carried(passage, one.package, one.bytes));
    package.in_turn = numbers.arrived(one.package.base_id, one.package.message_length);
    const auto is_repeat = [&] {
      const std::string_view data = as_text(one.package.data);
      return transit.stream().was_emptied(package.base_id, data) ||
             transit.stream().has_passed(package.base_id, data);
    };
    if (one.package.opens_bridge() && !package.in_turn && !is_repeat()) {
      numbers.restart(package.base_id, package.message_length);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    rule_package(passage, transit, found[i].package, transit.carrier.packages[i]);
  }
  Fate fate = send_on(passage, transit);
  // What is said now is counted after this frame and has to go after it.
  if (fate == Fate::forward && !bridge.pending.empty()) {
    passage.injector.inject(passage.direction, as_text(passage.wire));
    fate = Fate::withhold;
  }
  say_pending(passage, bridge);
  return fate;
}

void Conversation::rule_package(const Passage& passage, Transit& transit, const PackageV2& package,
                                CarriedPackage& carried) {
  Bridge& bridge = transit.bridge();
  if (package.message_length == 0) {
    for (std::size_t i = 0; i < package.acknowledgement_count; ++i) {
      const bool ours = transit.other_numbers().is_ours_alone(package.acknowledgements[i].value);
      if (ours) carried.fate = CarriedPackage::Fate::dropped;
    }
    return;
  }
  if (package.data.empty()) return;
  if (transit.stream().was_emptied(package.base_id, as_text(package.data))) {
    transit.empty(carried, fate_of_refused(passage, bridge));
  } else if (package.session == 0) {
    rule_text(passage, transit, package, carried);
  } else if (!admits_package_data(passage, bridge, package)) {
    transit.empty(carried, fate_of_refused(passage, bridge));
  }
}

bool Conversation::admits_package_data(const Passage& passage, Bridge& bridge, const PackageV2& package) {
  const std::array texts{as_text(package.data)};
  const bool may_be_text = (package.type_flags & data_flags) == 0;
  if (may_be_text && rule(passage, texts, bridge.form, {}, false).ruling != Ruling::pass) return false;
  const std::uint64_t left = package.remaining + package.data.size();
  const SessionData data{.session = package.session,
                         .total = left,
                         .continues = !package.is_first(),
                         .data = package.data,
                         .form = bridge.form};
  return flow_of(passage, data, &bridge) != Flow::stops;
}

void Conversation::rule_text(const Passage& passage, Transit& transit, const PackageV2& package,
                             CarriedPackage& carried) {
  BridgeStream& stream = transit.stream();
  const std::uint64_t left = package.remaining + package.data.size();
  auto text = std::find_if(stream.texts.begin(), stream.texts.end(), [&](const BridgeText& one) {
    return one.package_number == package.package_number;
  });
  // papyon numbers every message 0: the first-package bit starts a new one.
  if (text != stream.texts.end() && package.is_first()) {
    abandon(passage, transit, *text);
    stream.texts.erase(text);
    text = stream.texts.end();
  }
  if (text == stream.texts.end()) {
    if (stream.texts.size() >= passage.limits.open_messages) {
      abandon(passage, transit, stream.texts.front());
      stream.texts.pop_front();
    }
    text = stream.texts.emplace(stream.texts.end());
    text->id = ++transit.bridge().texts_opened;
    text->package_number = package.package_number;
    text->total = left;
    text->next = package.base_id;
    text->others = others_of(passage);
    text->since = passage.now;
  }
  carried.fate = CarriedPackage::Fate::undecided;
  carried.text = text->id;
  if (text->refused) {
    refuse_packages(passage, transit, *text, {});
    return;
  }
  if (package.opens_bridge()) text->peer_information = as_text(package.peer_information);
  text->wants_acknowledgement |= package.operation != 0;
  const std::uint64_t total = std::max(text->total, left);
  const Fragment fragment{.offset = total - left,
                          .total = total,
                          .declared = static_cast<std::uint32_t>(package.data.size()),
                          .data = package.data,
                          .common = common_of(passage, transit.bridge(), package),
                          .out_of_turn = !carried.in_turn && package.base_id != text->next};
  text->next = package.end();
  switch (text->text.add(fragment, passage.limits)) {
    case Reassembly::State::open:
      if (passage.judge.admits_everything(text->others)) {
        transit.decide(text->id, CarriedPackage::Fate::passes);
      } else if (stream.has_passed(package.base_id, as_text(package.data))) {
        carried.fate = CarriedPackage::Fate::passes;
      }
      break;
    case Reassembly::State::over_limit:
      if (passage.judge.admits_everything(text->others)) {
        transit.decide(text->id, CarriedPackage::Fate::passes);
      } else {
        abandon(passage, transit, *text);
      }
      break;
    case Reassembly::State::complete:
      rule_readings(passage, transit, *text, package.end());
      // Somebody may see more of a disorderly text to come.
      if (!text->refused && text->text.is_orderly()) stream.texts.erase(text);
      break;
  }
}

void Conversation::rule_readings(const Passage& passage, Transit& transit, BridgeText& text,
                                 std::uint32_t end) {
  Bridge& bridge = transit.bridge();
  const Direction back = opposite(passage.direction);
  const Ruled ruled = rule_message(passage, text.text.readings(), text.text.is_plausible(), bridge.form,
                                   decline_for(passage.direction));
  std::string disarmed(text.text.in_order());
  if (ruled.ruling == Ruling::pass) {
    transit.decide(text.id, CarriedPackage::Fate::passes);
  } else if (ruled.ruling == Ruling::disarm && text.text.is_orderly() && remove_addresses(disarmed)) {
    transit.decide(text.id, CarriedPackage::Fate::passes, disarmed, false);
  } else {
    refuse_packages(passage, transit, text, ruled.message);
    if (withholds(passage, bridge) && text.wants_acknowledgement) {
      acknowledge_v2(passage, bridge, back, end, as_bytes(text.peer_information));
    }
    if (ruled.ruling != Ruling::refuse) return;
    if (auto decline = decline_text(ruled.message)) {
      bridge.pending.push_back({back, std::move(*decline), passage.now});
    }
  }
}

void Conversation::refuse_packages(const Scene& scene, Transit& transit, BridgeText& text,
                                   const SlpMessage& instead_of) {
  const std::size_t size = transit.undecided_size(text.id);
  const auto seed = static_cast<std::uint32_t>(std::hash<std::string>{}(instead_of.call_id) + text.id);
  // Words in packages that do not fit together would be read differently again.
  const std::string data =
      text.text.is_plausible() ? tombstone_text(instead_of, size, seed) : std::string(size, '\0');
  transit.decide(text.id, fate_of_refused(scene, transit.bridge()), data, true);
  text.text = {};
  text.refused = true;
}

void Conversation::abandon(const Scene& scene, Transit& transit, BridgeText& text) {
  if (transit.undecided_size(text.id) == 0) return;
  scene.judge.abandoned(transit.direction(), text.others);
  refuse_packages(scene, transit, text, {});
}

Fate Conversation::send_on(const Passage& passage, Transit& transit) {
  Carrier& carrier = transit.carrier;
  BridgeStream& stream = transit.stream();
  send_decided(passage, transit);
  if (carrier.is_undecided() || !stream.waiting.empty()) {
    if (carrier.bytes.empty()) carrier.bytes = as_text(passage.wire);
    acknowledge_held(passage);
    stream.waiting.push_back(std::move(carrier));
    // Nothing that is never completed holds up the rest for long.
    while (stream.waiting.size() > passage.limits.packages_per_message && !stream.texts.empty()) {
      abandon(passage, transit, stream.texts.front());
      stream.texts.pop_front();
      send_decided(passage, transit);
    }
    return Fate::withhold;
  }
  if (carrier.is_dropped()) {
    transit.count(carrier);
    acknowledge(passage);
    return Fate::withhold;
  }
  if (!transit.translate(carrier)) return Fate::forward;
  passage.injector.inject(passage.direction, carrier.bytes);
  return Fate::withhold;
}

void Conversation::send_decided(const Scene& scene, Transit& transit) {
  auto& queue = transit.stream().waiting;
  const auto undecided =
      std::find_if(queue.begin(), queue.end(), [](const Carrier& carrier) { return carrier.is_undecided(); });
  for (auto carrier = queue.begin(); carrier != undecided; ++carrier) {
    if (carrier->is_dropped()) {
      transit.count(*carrier);
      continue;
    }
    (void)transit.translate(*carrier);
    scene.injector.inject(transit.direction(), carrier->bytes);
  }
  queue.erase(queue.begin(), undecided);
}

void Conversation::say_pending(const Scene& scene, Bridge& bridge) {
  std::erase_if(bridge.pending, [&](const Bridge::Pending& one) {
    const BridgeStream& stream = bridge.stream(one.direction);
    const bool counts = !withholds(scene, bridge);
    const bool waits = stream.within_message || (counts && !stream.numbers.began());
    if (waits && scene.now - one.since < patience) return false;
    // A message that is still not whole keeps its numbers.
    say_v2(scene, bridge, one.direction, one.text, counts && !stream.within_message);
    return true;
  });
}

void Conversation::expire(const Scene& scene, Bridge& bridge) {
  say_pending(scene, bridge);
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    Transit transit(bridge, direction, {});
    std::erase_if(transit.stream().texts, [&](BridgeText& text) {
      if (scene.now - text.since <= scene.limits.message_age) return false;
      abandon(scene, transit, text);
      return true;
    });
    send_decided(scene, transit);
  }
}

}  // namespace msnp
