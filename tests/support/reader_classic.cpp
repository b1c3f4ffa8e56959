#include "tests/support/reader_classic.hpp"

#include <algorithm>

namespace gate::test::reading {
namespace {

Headers fields_of(const ClassicReading& reading, std::string_view body) {
  HeaderReading to_the_end = reading.fields;
  to_the_end.end_optional = true;
  if (!reading.empty_lines_are_skipped) {
    const auto block = read_block(to_the_end, body);
    return block ? block->headers : Headers(reading.fields);
  }
  Headers headers(reading.fields);
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    headers.add(line);
  }
  return headers;
}

}  // namespace

std::optional<std::string> classic_offer_in(const ClassicReading& reading, std::string_view body) {
  const Headers fields = fields_of(reading, body);
  const auto file = fields.value("Application-File");
  if (reading.by_fields_only) {
    if (!file || !fields.value("Application-Name") || !fields.value("Application-FileSize"))
      return std::nullopt;
    return file;
  }
  const std::string command = fields.value("Invitation-Command").value_or("");
  const bool invites =
      reading.command_any_case_prefix ? lower(command).starts_with("invite") : command == "INVITE";
  const bool of_files = fields.value("Application-GUID") == "{5D3E02AB-6190-11d3-BBBB-00C04F795683}";
  if (!invites || !of_files || (reading.needs_file_name && !file)) return std::nullopt;
  return file.value_or("");
}

}  // namespace gate::test::reading
