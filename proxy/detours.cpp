#include "proxy/detours.hpp"

#include <algorithm>

namespace gate {

std::optional<std::uint16_t> Detours::port_for(const boost::asio::ip::address& client, std::uint16_t port,
                                               msnp::Moment now) {
  if (clients_.size() >= most_clients && !clients_.contains(client)) {
    forget_old(now);
    if (clients_.size() >= most_clients) return std::nullopt;
  }
  std::vector<Detour>& detours = clients_[client];
  auto chosen = std::find_if(detours.begin(), detours.end(),
                             [port](const Detour& detour) { return detour.meant == port; });
  if (chosen == detours.end() && detours.size() < ports_.size()) chosen = detours.insert(chosen, Detour{});
  if (chosen == detours.end()) {
    chosen = std::min_element(detours.begin(), detours.end(),
                              [](const Detour& one, const Detour& other) { return one.until < other.until; });
    if (chosen->until > now) return std::nullopt;
  }
  *chosen = {.meant = port, .until = now + lifetime_};
  return static_cast<std::uint16_t>(ports_.first + (chosen - detours.begin()));
}

std::optional<std::uint16_t> Detours::meant_by(const boost::asio::ip::address& client, std::uint16_t port,
                                               msnp::Moment now) {
  const auto found = clients_.find(client);
  if (!ports_.contains(port) || found == clients_.end()) return std::nullopt;
  const std::size_t index = port - ports_.first;
  if (index >= found->second.size()) return std::nullopt;
  Detour& detour = found->second[index];
  detour.until = now + lifetime_;
  return detour.meant;
}

void Detours::forget_old(msnp::Moment now) {
  std::erase_if(clients_, [now](const auto& client) {
    return std::all_of(client.second.begin(), client.second.end(),
                       [now](const Detour& detour) { return detour.until <= now; });
  });
}

}  // namespace gate
