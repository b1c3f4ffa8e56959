// Input: one byte that says what the rest is: an SLP text, a classic invitation, the Context of a file or
// of an object, any text that may name an application, or one that may tell an address.
//
// Laws: letter case hides no offer and no application, nor does spelling one backwards; what is kept of a
// hostile text is bounded; an offer of a file has a size or says that it could not be read; addresses that
// are removed are gone, and the text keeps its size.
#include "msnp/ascii.hpp"
#include "msnp/base64.hpp"
#include "msnp/classic.hpp"
#include "msnp/file_context.hpp"
#include "msnp/guid.hpp"
#include "msnp/msn_object.hpp"
#include "msnp/slp.hpp"
#include "msnp/transport.hpp"
#include "msnp/utf16.hpp"
#include "msnp/utf8.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

void bounded(const msnp::Offer& offer) {
  constexpr std::size_t readings = 2;  // of one Context
  law(offer.names.size() <= 8 * readings, "names are bounded in number");
  for (const std::string& name : offer.names) law(msnp::is_utf8(name), "a file name is UTF-8");
  law(offer.call_id.size() <= 320 && offer.session_id.size() <= 320 && offer.cookie.size() <= 320,
      "identifiers are bounded");
}

void slp(const Exact& text) {
  const auto message = msnp::read_slp(text.text());
  if (!message) {
    law(text.text().find("INVITE") == std::string_view::npos, "an INVITE is always seen");
    return;
  }
  law(message->call_ids.size() <= 8 && message->session_ids.size() <= 8, "identifiers are few");
  law(message->offers.empty() || message->invites, "only what invites offers");
  for (const msnp::Offer& offer : message->offers) {
    bounded(offer);
    law(offer.kind != msnp::Kind::file_transfer || offer.size || offer.reason != msnp::Reason::offer,
        "a file has a size or is told to be undecodable");
  }
  const auto account = msnp::slp_account(text.text());
  law(account.size() <= text.text().size(), "an account lies in the text");
}

void classic(const Exact& text) {
  const msnp::ClassicMessage message = msnp::read_classic(text.text());
  for (const std::string& name : message.offer.names)
    law(name.size() <= text.text().size(), "names are from the text");
  law(message.offer.names.size() <= 8 && message.offer.cookie.size() <= 320, "what is kept is bounded");
  const msnp::ClassicMessage folded = msnp::read_classic(msnp::folded(text.text()));
  law(message.invites == folded.invites && message.accepts == folded.accepts &&
          message.reveals_address == folded.reveals_address,
      "letter case hides no invitation");
}

void contexts(const Exact& text) {
  const std::string decoded = msnp::decode_base64(text.text(), 100);
  law(decoded.size() <= 100, "decoding keeps to its limit");
  if (const auto file = msnp::read_file_context(text.text())) {
    law(file->names.size() <= 2, "a Context has two readings at most");
    for (const std::string& name : file->names) law(msnp::is_utf8(name), "a file name is UTF-8");
  }
  if (const auto object = msnp::read_msn_object(text.text())) {
    law(object->is_shared_file() == (object->type == 4), "type 4 is a shared file");
    law(!object->is_shared_file() || object->kind() == msnp::Kind::file_transfer,
        "a shared file is a file transfer");
  }
}

void applications(const Exact& text) {
  const msnp::ApplicationsFound found = msnp::applications_in(text.text());
  law(std::is_sorted(found.kinds.begin(), found.kinds.end()), "the most restricted kind comes first");
  law(std::adjacent_find(found.kinds.begin(), found.kinds.end()) == found.kinds.end(), "each kind once");
  const auto same = [&](std::string_view other) {
    const msnp::ApplicationsFound again = msnp::applications_in(other);
    return again.kinds == found.kinds && again.object == found.object;
  };
  law(same(msnp::folded(text.text())), "letter case hides no application");
  law(same("{" + std::string(text.text()) + "}"), "braces hide no application");

  std::u16string wide;
  for (const char letter : text.text()) {
    wide.push_back(static_cast<char16_t>(wide.size() % 2 == 0
                                             ? static_cast<unsigned char>(letter)
                                             : 0xD800 + static_cast<unsigned char>(letter) * 8));
  }
  law(msnp::is_utf8(msnp::to_utf8(wide)), "what is made of UTF-16 is UTF-8");
}

void transport(const Exact& text) {
  const bool told = msnp::tells_address(text.text());
  std::string dead(text.text());
  const bool changed = msnp::remove_addresses(dead);
  law(changed || (!told && dead == text.text()), "an address that is told is removed");
  law(dead.size() == text.text().size(), "a text without addresses keeps its size");
  law(!msnp::tells_address(dead), "what is removed is told to nobody");
  law(!msnp::tells_address(msnp::folded(dead)), "letter case hides no address");
  std::string again = dead;
  law(!msnp::remove_addresses(again) && again == dead, "what is removed once is removed");
}

}  // namespace

int slp_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const std::uint8_t part = script.byte();
  const Exact text(script.rest());
  switch (part % 5) {
    case 0:
      slp(text);
      break;
    case 1:
      classic(text);
      break;
    case 2:
      contexts(text);
      break;
    case 3:
      applications(text);
      break;
    default:
      transport(text);
  }
  return 0;
}

}  // namespace fuzz
