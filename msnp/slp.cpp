#include "msnp/slp.hpp"

#include <algorithm>

#include "msnp/ascii.hpp"
#include "msnp/file_context.hpp"
#include "msnp/guid.hpp"
#include "msnp/msn_object.hpp"

namespace msnp {
namespace {

/// Longest header value that is kept: addresses, GUIDs and branches are far shorter. Contexts are
/// read in place.
constexpr std::size_t value_limit = 320;

struct Headers {
  std::vector<std::string> contexts;
  bool names_application = false;  // an EUF-GUID, or a body of a session request
  bool application_known = false;  // one EUF-GUID at least, and every one of them names a known application
  bool application_torn = false;
};

void keep_first(std::string& kept, std::string_view value) {
  if (kept.empty() && value.size() <= value_limit) kept = value;
}

void note(SlpMessage& message, Headers& headers, std::string_view name, std::string_view value) {
  if (equal_folded(name, "to")) {
    keep_first(message.to, value);
  } else if (equal_folded(name, "from")) {
    keep_first(message.from, value);
  } else if (equal_folded(name, "via")) {
    keep_first(message.via, value);
  } else if (equal_folded(name, "call-id")) {
    keep_first(message.call_id, value);
    if (value.size() <= value_limit && message.call_ids.size() < 8) message.call_ids.emplace_back(value);
  } else if (equal_folded(name, "sessionid")) {
    keep_first(message.session_id, value);
    if (const auto id = leading_number<std::uint32_t>(value); id && message.session_ids.size() < 8) {
      message.session_ids.push_back(*id);
    }
  } else if (equal_folded(name, "context")) {
    if (headers.contexts.size() < 8) headers.contexts.emplace_back(value);
  } else if (equal_folded(name, "euf-guid")) {
    headers.names_application = true;
    const ApplicationsFound found = applications_in(value);
    (found.object || !found.kinds.empty() ? headers.application_known : headers.application_torn) = true;
  } else if (equal_folded(name, "content-type")) {
    const std::string type = folded(value);
    if (type.find("x-msnmsgr-trans") != std::string::npos ||
        type.find("x-msnmsgr-turnsetup") != std::string::npos) {
      message.transport = true;
    }
    if (type.find("x-msnmsgr-sessionreqbody") != std::string::npos) headers.names_application = true;
  }
}

void read_lines(std::string_view text, SlpMessage& message, Headers& headers) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(std::string_view{"\r\n\0", 3}, begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    note(message, headers, name, value);
    const std::string mirrored_name = reversed(name);
    for (const std::string_view known : {"call-id", "sessionid", "context", "euf-guid", "content-type"}) {
      if (equal_folded(mirrored_name, known)) note(message, headers, mirrored_name, reversed(value));
    }
    // libpurple and pecan search for the name anywhere in the text: another header's value may hold it.
    for (const std::string_view known : {"context: ", "euf-guid: ", "sessionid: "}) {
      for (std::size_t at = 0; at + known.size() <= value.size(); ++at) {
        if (fold(value[at]) == known.front() && starts_folded(value.substr(at), known)) {
          note(message, headers, known.substr(0, known.size() - 2), trimmed(value.substr(at + known.size())));
          break;
        }
      }
    }
  }
}

void describe_file(Offer& offer, const Headers& headers) {
  for (const std::string& context : headers.contexts) {
    auto file = read_file_context(context);
    if (!file) continue;
    offer.size = std::max(offer.size.value_or(0), file->size);
    for (std::string& name : file->names) {
      if (std::find(offer.names.begin(), offer.names.end(), name) == offer.names.end()) {
        offer.names.push_back(std::move(name));
      }
    }
  }
  if (!offer.size) offer.reason = Reason::undecodable;
}

void describe_object(Offer& offer, std::string& sha1d, const Headers& headers) {
  offer.kind = Kind::display_picture;
  std::size_t objects = 0;
  for (const std::string& context : headers.contexts) {
    const auto object = read_msn_object(context);
    if (!object) continue;
    sha1d = ++objects == 1 || sha1d == object->sha1d ? object->sha1d : std::string(no_digest);
    if (offer.reason != Reason::object_type) offer.kind = object->kind();
    if (object->is_shared_file()) offer.reason = Reason::object_type;
    if (object->size) offer.size = std::max(offer.size.value_or(0), *object->size);
  }
}

}  // namespace

std::string_view slp_account(std::string_view value) noexcept {
  constexpr std::string_view scheme = "msnmsgr:";
  for (std::size_t at = 0; at + scheme.size() <= value.size(); ++at) {
    if (!starts_folded(value.substr(at), scheme)) continue;
    value.remove_prefix(at + scheme.size());
    return value.substr(0, value.find_first_of(";> "));
  }
  return {};
}

std::optional<SlpMessage> read_slp(std::string_view text) {
  SlpMessage message;
  // Where the message starts: at the front for everybody who parses, anywhere for msnp11.
  const std::size_t status_at = text.find("MSNSLP/1.0 ");
  const std::string_view first_line = text.substr(0, text.find_first_of(std::string_view{"\r\n\0", 3}));
  const bool is_status = status_at == 0;
  const bool is_request = first_line.find(" MSNMSGR:") != std::string_view::npos ||
                          first_line.find("MSNSLP/1.") != std::string_view::npos;
  const bool holds_invite = text.find("INVITE") != std::string_view::npos;
  const ApplicationsFound applications = applications_in(text);
  const bool names_application = applications.object || !applications.kinds.empty();
  if (!is_status && !is_request && !holds_invite && !names_application) return std::nullopt;

  Headers headers;
  read_lines(text, message, headers);
  if (is_status) message.status = leading_number<std::uint16_t>(text.substr(11)).value_or(0);
  message.bye = !is_status && text.starts_with("BYE ");
  message.invites = (!is_status && holds_invite) || names_application;
  if (!message.invites) return message;

  Offer common;
  common.call_id = message.call_id;
  common.session_id = message.session_id;
  common.from = slp_account(message.from);
  common.to = slp_account(message.to);
  for (const Kind kind : applications.kinds) {
    Offer& offer = message.offers.emplace_back(common);
    offer.kind = kind;
    if (kind == Kind::file_transfer) describe_file(offer, headers);
  }
  if (applications.object) describe_object(message.offers.emplace_back(common), message.sha1d, headers);
  // An application nobody knows; also beside known ones, which may stand there only to be found.
  const bool named = !message.offers.empty() || headers.names_application;
  if (named && (!headers.application_known || headers.application_torn)) message.offers.push_back(common);
  return message;
}

}  // namespace msnp
