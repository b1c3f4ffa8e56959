#include "msnp/transport.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "msnp/ascii.hpp"

namespace msnp {
namespace {

constexpr auto nowhere = std::string_view::npos;
/// Longest name that is looked at; the real ones have up to 25 letters.
constexpr std::size_t name_limit = 64;

enum class Part : std::uint8_t {
  address4,
  address6,
  port,
  endpoint,     // addresses with ports: "10.1.2.3:6891 192.168.7.9:6891"
  relay,        // how to reach a TURN server and what to say there
  traversal,    // Nat-Trav-Msg-Type: may announce a switch to UDP
  body_type,    // Content-Type
  body_length,  // Content-Length
};

struct Name {
  Part part;
  bool mirrored;
};

struct KnownName {
  std::string_view plain, mirrored;
  Part part;
};
constexpr std::array<KnownName, 6> known_names{{
    {"serveraddress", "sserddarevres", Part::relay},
    {"sessionusername", "emanresunoisses", Part::relay},
    {"sessionpassword", "drowssapnoisses", Part::relay},
    {"nat-trav-msg-type", "epyt-gsm-vart-tan", Part::traversal},
    {"content-type", "epyt-tnetnoc", Part::body_type},
    {"content-length", "htgnel-tnetnoc", Part::body_length},
}};

constexpr bool is_name_letter(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
         letter == '_';
}

constexpr bool is_blank_or_control(char letter) noexcept {
  return static_cast<unsigned char>(letter) <= ' ';
}

/// What some reader trims off a name: Miranda all controls, a lone CR too, .NET also blanks beyond ASCII.
constexpr bool is_trimmed(char letter) noexcept {
  return is_blank_or_control(letter) || static_cast<unsigned char>(letter) >= 0x7F;
}

/// No digit but 0, no letter: 0.0.0.0, ::, 0:0.0.0.0, lists of them, and nothing at all.
bool is_dead(std::string_view value) noexcept {
  return value.find_first_not_of(std::string_view{"0.:[] \t\r\n\0", 10}) == nowhere;
}

std::optional<Part> address_part(std::string_view rest, bool six, bool mirrored) noexcept {
  const bool port = rest.find(mirrored ? "trop" : "port") != nowhere;
  const bool address = rest.find(mirrored ? "rdda" : "addr") != nowhere;
  if (port && address) return Part::endpoint;
  if (port) return Part::port;
  if (address) return six ? Part::address6 : Part::address4;
  return std::nullopt;
}

/// What the letters in front of a colon name; they are folded and the last of them is no blank.
std::optional<Name> name_at_end(std::string_view letters) noexcept {
  const auto first = std::find_if_not(letters.rbegin(), letters.rend(), is_name_letter).base();
  const std::string_view name = letters.substr(static_cast<std::size_t>(first - letters.begin()));
  for (const KnownName& known : known_names) {
    if (name.ends_with(known.plain)) return Name{known.part, false};
    if (name.ends_with(known.mirrored)) return Name{known.part, true};
  }
  if (const std::size_t at = name.rfind("ipv"); at != nowhere && at + 3 < name.size()) {
    const char version = name[at + 3];
    if (version == '4' || version == '6') {
      const auto part = address_part(name.substr(at + 4), version == '6', false);
      if (part) return Name{*part, false};
    }
  }
  if (name.ends_with("4vpi") || name.ends_with("6vpi")) {
    const bool six = name[name.size() - 4] == '6';
    if (const auto part = address_part(name.substr(0, name.size() - 4), six, true)) return Name{*part, true};
  }
  return std::nullopt;
}

std::string_view dead_form(Name name) noexcept {
  switch (name.part) {
    case Part::address4:
      return "0.0.0.0";
    case Part::address6:
      return "::";
    case Part::port:
    case Part::body_length:
      return "0";
    case Part::endpoint:
      return name.mirrored ? "0:0.0.0.0" : "0.0.0.0:0";
    case Part::body_type:
      return name.mirrored ? "llun" : "null";
    case Part::relay:
    case Part::traversal:
      break;
  }
  return "";
}

/// Finds one of some words again and again, from positions that only grow, reading the text once.
template <std::size_t count>
class Words {
 public:
  constexpr Words(std::string_view text, std::array<std::string_view, count> words) noexcept
      : text_(text), words_(words) {}

  /// The first place of any of them at or behind `from`; `nowhere` if there is none.
  [[nodiscard]] std::size_t next(std::size_t from) noexcept {
    std::size_t first = nowhere;
    for (std::size_t i = 0; i < count; ++i) {
      if (at_[i] != nowhere && (!searched_ || at_[i] < from)) at_[i] = text_.find(words_[i], from);
      first = std::min(first, at_[i]);
    }
    searched_ = true;
    return first;
  }

 private:
  std::string_view text_;
  std::array<std::string_view, count> words_;
  std::array<std::size_t, count> at_{};
  bool searched_ = false;
};

struct Field {
  Name name;
  std::size_t begin;  // of the value, without the blanks in front of it
  std::size_t end;    // where the value ends for those who end a line at any CR, LF or NUL
  /// Where it ends for those who go on to the next CRLF (libpurple, pecan, papyon) or LF (Miranda). The same
  /// as `end` if nobody goes on.
  std::size_t far_end;
};

/// Walks over the fields of a text by their colons.
class Fields {
 public:
  explicit Fields(std::string_view text)
      : lower_(folded(text)),
        line_end_(lower_, {"\r", "\n", std::string_view{"\0", 1}}),
        crlf_(lower_, {"\r\n"}),
        lf_(lower_, {"\n"}) {}
  ~Fields() = default;
  Fields(const Fields&) = delete;  // the searches look into `lower_`
  Fields& operator=(const Fields&) = delete;

  [[nodiscard]] std::string_view lower() const noexcept { return lower_; }

  [[nodiscard]] std::optional<Field> next() noexcept {
    const std::string_view text = lower_;
    while (true) {
      const std::size_t colon = text.find(':', from_);
      if (colon == nowhere) return std::nullopt;
      const std::string_view before = text.substr(from_, colon - from_);
      from_ = colon + 1;
      const auto last = std::find_if_not(before.rbegin(), before.rend(), is_trimmed).base();
      std::string_view letters = before.substr(0, static_cast<std::size_t>(last - before.begin()));
      if (letters.size() > name_limit) letters.remove_prefix(letters.size() - name_limit);
      const auto name = name_at_end(letters);
      if (!name) continue;
      const Field field = field_behind(colon, *name);
      // A name inside the value of another header counts. What is a value to us is read or goes as a whole.
      const bool value_is_ours = name->part <= Part::relay;
      if (value_is_ours) from_ = field.end;
      return field;
    }
  }

 private:
  [[nodiscard]] Field field_behind(std::size_t colon, Name name) noexcept {
    const std::string_view text = lower_;
    Field field{name, std::min(text.find_first_not_of(" \t", colon + 1), text.size()), 0, 0};
    field.end = std::min(line_end_.next(field.begin), text.size());
    field.far_end = field.end;
    const std::size_t crlf = crlf_.next(field.end);
    if (crlf != nowhere) {
      field.far_end = crlf;
    } else if (field.end < text.size() && text[field.end] == '\r') {
      if (const std::size_t lf = lf_.next(field.end); lf != nowhere) field.far_end = lf;
    }
    return field;
  }

  std::string lower_;
  Words<3> line_end_;
  Words<1> crlf_, lf_;
  std::size_t from_ = 0;
};

bool goes_on(std::string_view text, const Field& field) noexcept {
  return !is_dead(text.substr(field.end, field.far_end - field.end));
}

/// True if the value of an address field leads anywhere, for a reader of either kind.
bool is_live(std::string_view text, const Field& field) noexcept {
  return !is_dead(text.substr(field.begin, field.end - field.begin)) || goes_on(text, field);
}

/// Where the body begins, behind the first empty line; the end of the text if there is none. Empty lines in
/// front of everything do not count.
std::size_t body_begin(std::string_view text) noexcept {
  bool empty = true;
  bool started = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (letter == '\r' || letter == '\n') {
      if (letter == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
      if (empty && started) return at + 1;
      empty = true;
    } else if (!is_blank_or_control(letter)) {
      empty = false;
      started = true;
    }
  }
  return text.size();
}

bool holds_anything(std::string_view body) noexcept {
  return std::find_if_not(body.begin(), body.end(), is_blank_or_control) != body.end();
}

struct Told {
  bool address = false;
  bool relay = false;  // a relay, or a switch to UDP
};

Told told_in(std::string_view text) {
  Told told;
  Fields fields(text);
  Words<4> relay_types(fields.lower(), {"transudpswitch", "turnsetup", "hctiwspdusnart", "putesnrut"});
  Words<2> udp_switch(fields.lower(), {"udp-switch", "hctiws-pdu"});
  std::optional<bool> has_body;
  while (const auto field = fields.next()) {
    switch (field->name.part) {
      case Part::body_type:
        if (relay_types.next(field->begin) >= field->far_end) break;
        if (!has_body) has_body = holds_anything(text.substr(body_begin(text)));
        told.relay = told.relay || *has_body;
        break;
      case Part::traversal:
        told.relay = told.relay || udp_switch.next(field->begin) < field->far_end;
        break;
      case Part::relay:
        told.relay = told.relay || is_live(text, *field);
        break;
      case Part::body_length:
        break;
      default:
        told.address = told.address || is_live(text, *field);
    }
  }
  return told;
}

/// A piece of the text and what takes its place.
struct Edit {
  std::size_t begin, end;
  std::string text;
  /// If there is no room for `text`, everything up to here goes and nothing takes its place.
  std::size_t far_end;
};

Edit edit_of(std::string_view text, const Field& field) {
  Edit edit{field.begin, field.end, std::string(dead_form(field.name)), field.far_end};
  if (!goes_on(text, field)) {
    edit.far_end = edit.end;
    return edit;
  }
  // A line that goes on for some ends here for all of them.
  const bool at_crlf = text[field.far_end] == '\r';
  edit.text += at_crlf ? "\r\n" : "\n";
  ++edit.end;
  return edit;
}

void apply(const std::vector<Edit>& edits, std::string& text) {
  const std::size_t size = text.size();
  const std::size_t used = text.find_last_not_of('\0') + 1;
  std::size_t room = size - used - (used < size ? 1 : 0);  // a closing NUL stays one
  for (const Edit& edit : edits) {
    const std::size_t old_size = edit.end - edit.begin;
    if (edit.text.size() < old_size) room += old_size - edit.text.size();
  }
  std::string changed;
  changed.reserve(size);
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at) continue;  // gone with the one before it
    changed.append(text, at, edit.begin - at);
    const std::size_t old_size = edit.end - edit.begin;
    const std::size_t growth = edit.text.size() > old_size ? edit.text.size() - old_size : 0;
    if (growth <= room) {
      room -= growth;
      changed += edit.text;
      at = edit.end;
    } else {
      at = edit.far_end;
    }
  }
  if (at < used) changed.append(text, at, used - at);
  changed.resize(size, '\0');
  text = std::move(changed);
}

/// The values that must change. `relay`: the body is gone, and everything that told of it goes too.
std::vector<Edit> edits_for(std::string_view text, bool relay) {
  std::vector<Edit> edits;
  Fields fields(text);
  Words<2> udp_switch(fields.lower(), {"udp-switch", "hctiws-pdu"});
  while (const auto field = fields.next()) {
    const Part part = field->name.part;
    const bool of_relay = part == Part::body_type || part == Part::body_length;
    const bool to_change = of_relay                  ? relay
                           : part == Part::traversal ? udp_switch.next(field->begin) < field->far_end
                                                     : is_live(text, *field);
    if (!to_change || (!edits.empty() && field->begin < edits.back().end)) continue;
    edits.push_back(edit_of(text, *field));
  }
  return edits;
}

}  // namespace

bool tells_address(std::string_view text) {
  const Told told = told_in(text);
  return told.address || told.relay;
}

bool remove_addresses(std::string& text) {
  // Where a line is ended for all its readers an empty one may come about, and what stands behind it be a
  // body.
  constexpr int most_rounds = 4;
  for (int round = 0; round < most_rounds; ++round) {
    const Told told = told_in(text);
    if (!told.address && !told.relay) return round > 0;
    if (told.relay) {
      const std::size_t begin = body_begin(text);
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), '\0');
    }
    apply(edits_for(text, told.relay), text);
  }
  if (tells_address(text)) std::fill(text.begin(), text.end(), '\0');
  return true;
}

}  // namespace msnp
