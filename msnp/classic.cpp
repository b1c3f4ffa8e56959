#include "msnp/classic.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "msnp/ascii.hpp"
#include "msnp/guid.hpp"

namespace msnp {
namespace {

enum class Field : std::uint8_t { file_size, file, guid, name, command, cookie, cancel_code, address };

struct FieldName {
  std::string_view name;
  Field field;
};

/// Longer names first: bitlbee compares only the beginning of a line.
constexpr std::array field_names{FieldName{"application-filesize", Field::file_size},
                                 FieldName{"application-file", Field::file},
                                 FieldName{"application-guid", Field::guid},
                                 FieldName{"application-name", Field::name},
                                 FieldName{"invitation-command", Field::command},
                                 FieldName{"invitation-cookie", Field::cookie},
                                 FieldName{"cancel-code", Field::cancel_code},
                                 FieldName{"ip-address", Field::address},
                                 FieldName{"port", Field::address},
                                 FieldName{"authcookie", Field::address}};

/// Longest cookie that is kept; real ones are decimal numbers.
constexpr std::size_t cookie_limit = 64;

struct Fields {
  bool file_named = false;
  bool application_named = false;
  bool invite = false;
};

void note(ClassicMessage& message, Fields& fields, Field field, std::string_view value) {
  Offer& offer = message.offer;
  switch (field) {
    case Field::file:
      fields.file_named = true;
      if (offer.names.size() < 8) offer.names.emplace_back(value);
      break;
    case Field::file_size:
      fields.file_named = true;
      if (const auto size = leading_number<std::uint64_t>(value)) {
        offer.size = std::max(offer.size.value_or(0), *size);
      }
      break;
    case Field::guid:
      fields.application_named = true;
      break;
    case Field::name:
      fields.application_named = true;
      break;
    case Field::command:
      if (starts_folded(value, "invite")) fields.invite = true;
      if (starts_folded(value, "accept")) message.accepts = true;
      if (starts_folded(value, "cancel")) message.cancels = true;
      break;
    case Field::cookie:
      if (offer.cookie.empty() && value.size() <= cookie_limit) offer.cookie = value;
      break;
    case Field::cancel_code:
      message.cancels = true;
      break;
    case Field::address:
      // `Request-Data: IP-Address:` asks for an address and tells none; a value does.
      if (!value.empty()) message.reveals_address = true;
      break;
  }
}

void read_line(ClassicMessage& message, Fields& fields, std::string_view line) {
  for (const FieldName& known : field_names) {
    if (!starts_folded(line, known.name)) continue;
    std::size_t value = known.name.size();
    if (known.field == Field::address) {  // IP-Address-Internal, PortX-Internal, ...
      value = std::min(line.find_first_of(" \t:", value), line.size());
    }
    const std::size_t begin = line.find_first_not_of(" \t:", value);
    note(message, fields, known.field,
         begin == std::string_view::npos ? std::string_view{} : trimmed(line.substr(begin)));
    return;
  }
}

}  // namespace

ClassicMessage read_classic(std::string_view text) {
  ClassicMessage message;
  message.offer.form = Form::classic;
  Fields fields;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(std::string_view{"\r\n\0", 3}, begin), text.size());
    const std::string_view line = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty()) continue;
    read_line(message, fields, line);
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      const std::string mirrored =
          reversed(trimmed(line.substr(0, colon))) + ": " + reversed(trimmed(line.substr(colon + 1)));
      read_line(message, fields, mirrored);
    }
  }
  const ApplicationsFound applications = applications_in(text);
  const bool file_named =
      fields.file_named || (!applications.kinds.empty() && applications.kinds.front() == Kind::file_transfer);
  message.invites = file_named || fields.invite || (fields.application_named && !message.cancels);
  if (file_named) {
    message.offer.kind = Kind::file_transfer;
  } else if (!applications.kinds.empty()) {
    message.offer.kind = applications.kinds.front();
  }
  return message;
}

}  // namespace msnp
