#include "msnp/commands.hpp"

#include <string_view>

namespace msnp {
namespace {

// Abbreviations that let the table read like one.
constexpr Direction c2s = Direction::to_server;
constexpr Direction s2c = Direction::to_client;
constexpr Side ns = Side::notification;
constexpr Side sb = Side::switchboard;
constexpr Treatment stream = Treatment::stream;
constexpr Treatment inspect = Treatment::inspect;
constexpr Treatment drop = Treatment::drop;
constexpr auto message = &Limits::message_to_server;
constexpr auto small = &Limits::inspected_payload;  // also presence data, which passes unread
constexpr auto large = &Limits::streamed_payload;   // lists, policies, notices

// framing.md 2.1. A payload is only ever announced by the last token, and that token must stand where
// the form has it: some readers count from the front, others from the back (framing.md rule 2).
constexpr CommandRow table[] = {
    // Messages.
    {word("MSG"), c2s, sb, {"trid ack N"}, inspect, message},
    {word("MSG"), s2c, sb, {"address name N"}, inspect, small},
    {word("MSG"), s2c, ns, {"address name N"}, inspect, small},  // "Hotmail Hotmail N": profile, mail
    {word("UUM"), c2s, ns, {"trid address netid type N"}, inspect, small},
    {word("UBM"), s2c, ns, {"from fromnet to tonet type N"}, inspect, small},
    // papyon leaves N out when it is 0, and Escargot would take the type for it (framing.md 2.5).
    {word("UUN"), c2s, ns, {"trid address type [N]"}, inspect, small},
    {word("UUN"), s2c, ns, {"trid OK"}, stream, small},
    // Escargot leaves N out when it is 0, and papyon would take the type for it.
    {word("UBN"), s2c, ns, {"address type [N]"}, inspect, small},
    {word("SDG"), c2s, ns, {"trid N"}, inspect, small},
    {word("SDG"), s2c, ns, {"trid N", "trid OK N"}, inspect, small},  // the second by analogy with PUT
    // Escargot has no handler for these two and runs their bodies as commands (framing.md 2.4); the
    // paging service is gone.
    {word("PAG"), c2s, ns, {"trid address N"}, drop, small},
    {word("PGD"), c2s, ns, {"trid address type N"}, drop, small},
    {word("SDC"), c2s, ns, {"trid address lcid library ident X X nick N"}, stream, large},
    {word("SDC"), s2c, ns, {"trid OK"}, stream, large},
    {word("NOT"), s2c, ns, {"N"}, stream, large},
    {word("IPG"), s2c, ns, {"N"}, stream, large},
    // Presence and lists.
    {word("UUX"), c2s, ns, {"trid [N]"}, stream, small},  // papyon leaves N out when it is 0
    {word("UUX"), s2c, ns, {"trid N"}, stream, small},
    {word("UBX"), s2c, ns, {"address N", "address netid N"}, stream, small},  // MSNP11-13, 18+; 14-17
    {word("ADL"), c2s, ns, {"trid N"}, stream, large},
    {word("ADL"), s2c, ns, {"trid OK", "0 N"}, stream, large},  // aMSN reads a payload only behind 0
    {word("RML"), c2s, ns, {"trid N"}, stream, large},
    {word("RML"), s2c, ns, {"trid OK", "0 N"}, stream, large},
    {word("FQY"), c2s, ns, {"trid N"}, stream, small},
    {word("FQY"), s2c, ns, {"trid N"}, stream, small},
    // Circles and endpoints, MSNP18+.
    {word("PUT"), c2s, ns, {"trid N"}, stream, large},
    {word("PUT"), s2c, ns, {"trid OK N"}, stream, large},
    {word("DEL"), c2s, ns, {"trid N"}, stream, large},
    {word("DEL"), s2c, ns, {"trid OK", "trid OK N"}, stream, large},
    {word("NFY"), s2c, ns, {"verb N"}, stream, large},
    // Service.
    {word("QRY"), c2s, ns, {"trid product N"}, stream, small},
    {word("QRY"), s2c, ns, {"trid"}, stream, small},
    {word("GCF"), c2s, ns, {"trid file"}, stream, large},
    {word("GCF"), s2c, ns, {"trid file N", "0 N"}, stream, large},
    {word("VAS"), c2s, ns, {"trid address a b N"}, stream, large},
};

constexpr CommandRow numeric_row{Word{}, s2c, ns, {"trid", "trid N"}, stream, large};

// Lines without a payload in every dialect but MSNP24, which is only spoken inside TLS. Several end in
// a number that is no length (BLP, LSG, SYN, QNG 50, BYE address 1).
constexpr std::string_view plain_words =
    "ACK ADC ADD ADG ANS BLP BPR BYE CAL CHG CHL CVQ CVR FLN FND GTC ILN IMS INF IRO JOI LSG LST NAK NLN "
    "OUT PNG PRP QNG REA REG REM RFS RMG RNG SBP SBS SND SYN URL USR VER XFR";
constexpr std::size_t plain_count = (plain_words.size() + 1) / 4;

constexpr Word plain_word(std::size_t index) noexcept {
  const std::size_t at = index * 4;
  return word({plain_words[at], plain_words[at + 1], plain_words[at + 2], '\0'});
}

constexpr std::size_t slots =
    1024;  // about 70 words: a multiplier without collisions is found in a few tries
constexpr std::uint32_t slot_of(Word one, std::uint32_t multiplier) noexcept {
  return (static_cast<std::uint32_t>(one) * multiplier) >> 22U;
}

constexpr bool collides(std::uint32_t multiplier) noexcept {
  std::array<Word, slots> seen{};
  const auto taken = [&](Word one) {
    Word& slot = seen[slot_of(one, multiplier)];
    if (slot != Word{} && slot != one) return true;
    slot = one;
    return false;
  };
  for (const CommandRow& row : table) {
    if (taken(row.word)) return true;
  }
  for (std::size_t i = 0; i < plain_count; ++i) {
    if (taken(plain_word(i))) return true;
  }
  return false;
}

constexpr std::uint32_t find_multiplier() noexcept {
  std::uint32_t candidate = 0x9E3779B1U;
  while (collides(candidate)) candidate += 0x3C6EF372U;
  return candidate;
}
constexpr std::uint32_t multiplier = find_multiplier();

struct Slot {
  Word word{};
  std::array<Lookup, 4> ways{};  // by direction and side
};

constexpr std::size_t way_of(Direction direction, Side side) noexcept {
  return static_cast<std::size_t>(direction) * 2 + static_cast<std::size_t>(side);
}

/// A word of the table on a way where the table has no row for it. From a client: no client sends it, and
/// Escargot reads a payload behind some of them (NOT) on any connection. From a server of the other kind:
/// clients disagree, their switchboard readers know fewer payloads. The rest (VAS from a server) is unknown.
constexpr Standing standing_elsewhere(Word one, Direction direction) noexcept {
  if (direction == c2s) return Standing::forbidden;
  for (const CommandRow& row : table) {
    if (row.word == one && row.direction == direction) return Standing::forbidden;
  }
  return Standing::unknown;
}

constexpr std::size_t most_words = std::size(table) + plain_count;
struct Index {
  std::array<std::uint8_t, slots> place{};  // 0: no such word; else 1 + index into `words`
  std::array<Slot, most_words> words{};
};

constexpr Index build_index() noexcept {
  Index index;
  std::uint8_t used = 0;
  const auto slot = [&](Word one) -> Slot& {
    std::uint8_t& place = index.place[slot_of(one, multiplier)];
    if (place == 0) place = ++used;
    Slot& found = index.words[place - 1U];
    found.word = one;
    return found;
  };
  for (const CommandRow& row : table) {
    Slot& entry = slot(row.word);
    for (const Direction direction : {c2s, s2c}) {
      for (const Side side : {ns, sb}) {
        Lookup& way = entry.ways[way_of(direction, side)];
        if (way.row == nullptr) way.standing = standing_elsewhere(row.word, direction);
      }
    }
    entry.ways[way_of(row.direction, row.side)] = {Standing::tabled, &row};
  }
  for (std::size_t i = 0; i < plain_count; ++i) {
    for (Lookup& way : slot(plain_word(i)).ways) way = {Standing::plain, nullptr};
  }
  return index;
}
constexpr Index index_of_words = build_index();

const Slot* find(Word one) noexcept {
  const std::uint8_t place = index_of_words.place[slot_of(one, multiplier)];
  if (place == 0) return nullptr;
  const Slot& entry = index_of_words.words[place - 1U];
  return entry.word == one ? &entry : nullptr;
}

}  // namespace

std::span<const CommandRow> payload_table() noexcept {
  return table;
}

const CommandRow& numeric_reply() noexcept {
  return numeric_row;
}

Lookup look_up(Direction direction, Side side, Word word) noexcept {
  const Slot* const entry = find(word);
  return entry == nullptr ? Lookup{} : entry->ways[way_of(direction, side)];
}

bool carries_payload(Word word) noexcept {
  const Slot* const entry = find(word);
  return entry != nullptr && entry->ways.front().standing != Standing::plain;
}

bool is_known(Word word) noexcept {
  return find(word) != nullptr;
}

}  // namespace msnp
