// Input: one byte that says what the rest is: a package to be read in both versions, packages to be put
// together, or a text and the way to cut it into packages.
//
// Laws: data lies in the package; what is written is read back; a reassembly is bounded, has at most four
// readings, and an orderly sender's text comes out as it was, at its last package, however it was cut.
#include "msnp/p2p.hpp"
#include "msnp/reassembly.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

bool lies_in(msnp::Bytes part, msnp::Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read_both(std::string_view body) {
  const Exact exact(body);
  if (const auto v1 = msnp::read_p2p_v1(exact.bytes())) {
    law(lies_in(v1->data, exact.bytes()), "v1 data lies in the package");
    const Exact written(msnp::write_p2p_v1(*v1));
    const auto again = msnp::read_p2p_v1(written.bytes());
    law(again && again->session == v1->session && again->identifier == v1->identifier &&
            again->offset == v1->offset && again->total == v1->total && again->length == v1->length &&
            again->flags == v1->flags && again->ack_session == v1->ack_session &&
            again->ack_uid == v1->ack_uid && again->ack_size == v1->ack_size &&
            msnp::as_text(again->data) == msnp::as_text(v1->data),
        "a v1 package that is written is read back");
  } else {
    law(body.size() < 48, "48 bytes are a v1 package");
  }
  if (const auto v2 = msnp::read_p2p_v2(exact.bytes())) {
    law(lies_in(v2->data, exact.bytes()), "v2 data lies in the package");
    law(v2->data.size() <= v2->message_length, "v2 data is no longer than its message");
    law(v2->has_data || v2->data.empty(), "without a data header there is no data");
  }
}

void put_together(Script script) {
  msnp::Limits limits;
  limits.slp_text = 1024;
  limits.packages_per_message = 16;
  msnp::Reassembly reassembly;
  std::string arrived;
  while (!script.at_end()) {
    const std::uint16_t offset = script.two_bytes();
    const std::uint16_t total = script.two_bytes();
    const std::uint16_t declared = script.two_bytes();
    const bool far = (script.byte() & 0xF0U) == 0xF0U;
    const Exact data(script.take(script.byte()));
    const std::uint64_t high = far ? 0xFFFF'FFFF'FFFF'0000U : 0;
    const auto state = reassembly.add({high | offset, high | total, declared, data.bytes()}, limits);
    if (state == msnp::Reassembly::State::over_limit) return;
    arrived += data.text();
    law(reassembly.in_order() == arrived, "the text in order is everything that came");
    law(reassembly.footprint() <= 4 * 2 * limits.slp_text + 64, "a reassembly is bounded");
    const auto readings = reassembly.readings();
    law(readings.size() <= 4, "there are four readings at most");
    law(!reassembly.is_orderly() || readings.size() <= 1, "an orderly text has one reading");
    for (const std::string_view reading : readings) {
      law(reading.size() <= limits.slp_text, "a reading keeps to the limit");
    }
  }
}

void cut_and_join(Script script) {
  const std::string_view sizes = script.take(script.byte() % 32);
  const std::string_view text = script.rest().substr(0, 4096);
  if (text.empty()) return;
  msnp::Reassembly reassembly;
  std::size_t at = 0;
  for (std::size_t i = 0; at < text.size(); ++i) {
    std::size_t size = text.size() - at;
    if (i < sizes.size()) size = std::min<std::size_t>(size, 1U + static_cast<unsigned char>(sizes[i]));
    const Exact data(text.substr(at, size));
    const auto state = reassembly.add({at, text.size(), static_cast<std::uint32_t>(size), data.bytes()}, {});
    at += size;
    law((state == msnp::Reassembly::State::complete) == (at == text.size()),
        "a text is complete with its last package");
  }
  const auto readings = reassembly.readings();
  law(readings.size() == 1 && readings.front() == text, "an orderly text comes out as it was");
}

}  // namespace

int p2p_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  switch (script.byte() % 3) {
    case 0:
      read_both(script.rest());
      break;
    case 1:
      put_together(script);
      break;
    default:
      cut_and_join(script);
  }
  return 0;
}

}  // namespace fuzz
