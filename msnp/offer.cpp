#include "msnp/offer.hpp"

#include <array>

namespace msnp {
namespace {

constexpr std::array<std::string_view, 12> reason_names{
    "offer",   "accept",     "undecodable", "object-type",      "object-too-big",      "data-without-session",
    "chunked", "disordered", "transport",   "object-over-size", "object-wrong-digest", "policy-change"};

}  // namespace

std::string_view name_of(Reason reason) noexcept {
  return reason_names[static_cast<std::size_t>(reason)];
}

}  // namespace msnp
