// Input: one byte that says what the rest is: a package to be read in both versions, packages to be put
// together, a text and the way to cut it into packages, a conversation to be counted, or an object to be
// watched.
//
// Laws: data lies in the package; what is written is read back; a reassembly is bounded, has at most four
// readings, and an orderly sender's text comes out as it was, at its last package, however it was cut;
// a receiver sees an unbroken stream where the sender sent one; an object that is sent as real clients do is
// fine, and bytes beyond it are told.
#include <optional>
#include <vector>

#include "msnp/numbering.hpp"
#include "msnp/object_watch.hpp"
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

/// A sender who counts without a gap; packages of ours come between, and some of its own are sent again.
void count(Script script) {
  msnp::Numbering numbers;
  struct Package {
    std::uint32_t base_id, length, seen;
  };
  std::vector<Package> packages;
  std::uint32_t next = script.two_bytes() * 0x10001U;
  std::optional<std::uint32_t> expected;  // by the receiver
  const std::uint32_t seed = script.two_bytes() * 0x01000193U;
  const auto arrives = [&expected](std::uint32_t seen, std::uint32_t length) {
    law(!expected || seen == *expected, "the receiver sees an unbroken stream");
    expected = seen + length;
  };
  for (std::size_t insertions = 0; !script.at_end() && insertions < 60;) {
    const std::uint8_t step = script.byte();
    const std::uint32_t length = script.byte();
    if (step % 4 == 0) {
      arrives(numbers.insert(length, seed), length);
      ++insertions;
    } else if (step % 4 == 1 && !packages.empty()) {
      const Package& one = packages[step / 4U % packages.size()];
      (void)numbers.arrived(one.base_id, one.length);
      law(numbers.to_receiver(one.base_id) == one.seen, "what is sent again keeps its number");
      numbers.went_on(one.base_id, one.length);
    } else {
      law(numbers.arrived(next, length) || packages.empty(), "what follows is told as such");
      const std::uint32_t seen = numbers.to_receiver(next);
      arrives(seen, length);
      numbers.went_on(next, length);
      if (length > 0) packages.push_back({next, length, seen});
      next += length;
    }
  }
  for (const Package& one : packages) {
    law(numbers.to_sender(one.seen + one.length) == one.base_id + one.length,
        "the sender sees its own package acknowledged");
  }
}

/// A digest that any change of the bytes changes; how is of no interest here.
class Checksum final : public msnp::Sha1 {
 public:
  void add(msnp::Bytes bytes) noexcept override {
    for (const std::byte one : bytes) value_ = (value_ ^ std::to_integer<std::uint32_t>(one)) * 0x01000193U;
  }
  [[nodiscard]] std::array<std::byte, 20> finish() noexcept override {
    std::array<std::byte, 20> digest{};
    for (std::size_t i = 0; i < 4; ++i) digest[i] = static_cast<std::byte>(value_ >> (8 * i) & 0xFFU);
    value_ = 0x811C9DC5U;
    return digest;
  }

 private:
  std::uint32_t value_ = 0x811C9DC5U;
};

/// What real senders do with an object, with whatever others do behind it.
void watch(Script script) {
  using Finding = msnp::ObjectWatch::Finding;
  const std::uint8_t habits = script.byte();
  const std::size_t cut = 1U + script.byte();
  const std::string_view object = script.take(1U + script.byte());
  const std::string_view zeros("\0\0\0\0", 4);
  if (object.empty() || (object.size() == 4 && object == zeros)) return;
  // The base64 of 20 NULs, which no object here has: the digest is looked at only where it is wrong.
  const bool digest = (habits & 4U) != 0;
  msnp::ObjectWatch watch(object.size(),
                          "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", digest ? std::make_unique<Checksum>() : nullptr);
  std::size_t told = 0;
  const auto add = [&](std::uint64_t offset, std::uint64_t total, std::string_view data) {
    const Exact exact(data);
    const Finding found = watch.add(offset, total, exact.bytes());
    if (found != Finding::fine) ++told;
    return found;
  };
  for (std::size_t at = 0; at < object.size(); at += cut) {
    if ((habits & 1U) != 0) law(add(0, 4, zeros) == Finding::fine, "a preparation is no data");
    const std::string_view piece = object.substr(at, cut);
    const bool ends = at + piece.size() == object.size();
    const Finding found = add(at, object.size(), piece);
    law(found == (digest && ends ? Finding::wrong_digest : Finding::fine), "a sender in order is fine");
    if (at == 0 && (habits & 2U) != 0 && !ends) {
      law(add(0, object.size(), piece) == Finding::fine, "the first package may come twice");
    }
  }
  std::uint64_t carried = object.size();
  while (!script.at_end()) {
    const std::uint16_t offset = script.two_bytes();
    const std::uint16_t total = script.two_bytes();
    const std::string_view data = script.take(script.byte());
    (void)add(offset, total, data);
    if (data.size() != 4) carried += data.size();
  }
  law(told <= 2, "every finding is told once");
  // The object in disorder, the same once more as repetition, and a last one that was just complete.
  if (carried > 3 * object.size() + 4) (void)add(0, object.size(), object);
  law(carried <= 3 * object.size() + 4 || told > 0, "no more than the object passes unnoticed");
  law(watch.footprint() <= sizeof watch + 256, "a watch is bounded");
}

}  // namespace

int p2p_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  switch (script.byte() % 5) {
    case 0:
      read_both(script.rest());
      break;
    case 1:
      put_together(script);
      break;
    case 2:
      cut_and_join(script);
      break;
    case 3:
      count(script);
      break;
    default:
      watch(script);
  }
  return 0;
}

}  // namespace fuzz
