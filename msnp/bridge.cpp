#include "msnp/bridge.hpp"

#include <algorithm>
#include <functional>

namespace msnp {
namespace {

/// Packages remembered in case they are sent again, which happens within moments.
constexpr std::size_t sent_limit = 64;

void write_big(std::string& bytes, std::size_t place, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[place + i] = static_cast<char>((value >> (24 - 8 * i)) & 0xFFU);
}

}  // namespace

bool Carrier::is_undecided() const noexcept {
  return std::any_of(packages.begin(), packages.end(), [](const CarriedPackage& package) {
    return package.fate == CarriedPackage::Fate::undecided;
  });
}

bool Carrier::is_dropped() const noexcept {
  return std::any_of(packages.begin(), packages.end(), [](const CarriedPackage& package) {
    return package.fate == CarriedPackage::Fate::dropped;
  });
}

void BridgeStream::emptied(std::uint32_t base_id, std::string_view data) {
  if (emptied_.size() >= sent_limit) emptied_.erase(emptied_.begin());
  emptied_.push_back({base_id, std::hash<std::string_view>{}(data)});
}

bool BridgeStream::was_emptied(std::uint32_t base_id, std::string_view data) const noexcept {
  if (emptied_.empty()) return false;
  const Sent one{base_id, std::hash<std::string_view>{}(data)};
  return std::find(emptied_.begin(), emptied_.end(), one) != emptied_.end();
}

void BridgeStream::passed(std::uint32_t base_id, std::string_view data) {
  if (passed_.size() >= sent_limit) passed_.erase(passed_.begin());
  passed_.push_back({base_id, std::hash<std::string_view>{}(data)});
}

bool BridgeStream::has_passed(std::uint32_t base_id, std::string_view data) const noexcept {
  const Sent one{base_id, std::hash<std::string_view>{}(data)};
  return std::find(passed_.begin(), passed_.end(), one) != passed_.end();
}

bool Bridge::idle() const noexcept {
  return pending.empty() && std::all_of(streams.begin(), streams.end(), [](const BridgeStream& stream) {
           return stream.texts.empty() && stream.waiting.empty();
         });
}

std::size_t Bridge::footprint() const noexcept {
  std::size_t bytes = sizeof(Bridge) + local.capacity() + remote.capacity();
  for (const BridgeStream& stream : streams) {
    for (const BridgeText& text : stream.texts) bytes += sizeof(text) + text.text.footprint();
    for (const Carrier& carrier : stream.waiting) {
      bytes += sizeof(carrier) + carrier.bytes.capacity() + carrier.packages.size() * sizeof(CarriedPackage);
    }
  }
  for (const Pending& one : pending) bytes += sizeof(one) + one.text.capacity();
  return bytes;
}

Bytes Transit::bytes_of(const CarriedPackage& package) const noexcept {
  return (carrier.bytes.empty() ? wire_ : as_bytes(carrier.bytes)).subspan(package.place);
}

// Those that wait came before.
template <class Each>
void Transit::for_each_undecided(std::uint64_t text, Each each) {
  const auto look = [&](Carrier& one) {
    for (CarriedPackage& package : one.packages) {
      if (package.fate == CarriedPackage::Fate::undecided && package.text == text) each(one, package);
    }
  };
  std::for_each(stream().waiting.begin(), stream().waiting.end(), look);
  look(carrier);
}

std::size_t Transit::undecided_size(std::uint64_t text) {
  std::size_t size = 0;
  for_each_undecided(text,
                     [&size](const Carrier&, const CarriedPackage& package) { size += package.data_size; });
  return size;
}

void Transit::decide(std::uint64_t text, CarriedPackage::Fate fate) {
  for_each_undecided(text, [&](const Carrier& one, CarriedPackage& package) {
    if (fate == CarriedPackage::Fate::passes) stream().passed(package.base_id, data_of(one, package));
    package.fate = fate;
  });
}

void Transit::decide(std::uint64_t text, CarriedPackage::Fate fate, std::string_view data, bool emptied) {
  for_each_undecided(text, [&](Carrier& one, CarriedPackage& package) {
    if (emptied) stream().emptied(package.base_id, data_of(one, package));
    write(one, package, data.substr(0, package.data_size));
    data.remove_prefix(std::min(package.data_size, data.size()));
    package.fate = fate;
  });
}

void Transit::empty(CarriedPackage& package, CarriedPackage::Fate fate) {
  stream().emptied(package.base_id, data_of(carrier, package));
  write(carrier, package, {});
  package.fate = fate;
}

std::string_view Transit::data_of(const Carrier& one, const CarriedPackage& package) const noexcept {
  const std::string_view frame = one.bytes.empty() ? as_text(wire_) : std::string_view{one.bytes};
  return frame.substr(package.data_place, package.data_size);
}

void Transit::write(Carrier& one, const CarriedPackage& package, std::string_view data) {
  if (one.bytes.empty()) one.bytes = as_text(wire_);
  one.bytes.replace(package.data_place, data.size(), data);
  one.bytes.replace(package.data_place + data.size(), package.data_size - data.size(),
                    package.data_size - data.size(), '\0');
}

bool Transit::translate(Carrier& one) {
  Numbering& own = stream().numbers;
  const auto put = [&](std::size_t place, std::uint32_t was, std::uint32_t is) {
    if (was == is) return;
    if (one.bytes.empty()) one.bytes = as_text(wire_);
    write_big(one.bytes, place, is);
  };
  for (const CarriedPackage& package : one.packages) {
    put(package.place + base_id_offset, package.base_id, own.to_receiver(package.base_id));
    for (std::size_t i = 0; i < package.acknowledgement_count; ++i) {
      const auto& number = package.acknowledgements[i];
      put(package.place + number.offset, number.value, other_numbers().to_sender(number.value));
    }
  }
  count(one);
  return !one.bytes.empty();
}

void Transit::count(const Carrier& one) noexcept {
  for (const CarriedPackage& package : one.packages) {
    stream().numbers.went_on(package.base_id, package.message_length);
    if (package.message_length > 0) stream().within_message = package.to_be_continued;
  }
}

}  // namespace msnp
