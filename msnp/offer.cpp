#include "msnp/offer.hpp"

#include <array>

namespace msnp {
namespace {

constexpr std::array<std::string_view, 7> reason_names{
    "offer", "accept", "undecodable", "object-type", "object-too-big", "data-without-session", "chunked"};

}  // namespace

std::string_view name_of(Reason reason) noexcept {
  return reason_names[static_cast<std::size_t>(reason)];
}

}  // namespace msnp
