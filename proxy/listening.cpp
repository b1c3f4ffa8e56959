#include "proxy/listening.hpp"

#include <algorithm>
#include <utility>

#include "proxy/listener.hpp"

namespace gate {
namespace {

/// A socket on [::] takes IPv4 too, so only the port tells that two can meet.
bool meets_own(const Endpoint& bind, const std::vector<OpenListener>& present) {
  return std::any_of(present.begin(), present.end(),
                     [&bind](const OpenListener& open) { return open.at.port() == bind.port(); });
}

}  // namespace

std::variant<Opened, std::string> open_wanted(const std::vector<ListenerSettings>& wanted,
                                              const std::vector<OpenListener>& present,
                                              const InheritedSockets& inherited, std::uint32_t mark,
                                              std::size_t workers) {
  Opened opened = open_nothing(workers);
  for (const ListenerSettings& one : wanted) {
    OpenListener listener{std::make_shared<const ListenerSettings>(one), one.bind};
    const auto kept = std::find_if(present.begin(), present.end(), [&one](const OpenListener& open) {
      return open.settings->bind == one.bind;
    });
    if (kept != present.end()) {
      if ((kept->settings->mode == ListenerMode::tproxy) != (one.mode == ListenerMode::tproxy)) {
        return "the listener on " + text_of(one.bind) +
               " cannot become transparent, or cease to be, without a restart; bind another port, or restart";
      }
      listener.at = kept->at;
      for (auto& assignments : opened.by_worker) assignments.push_back({listener.settings, {}});
    } else if (Descriptor socket = inherited.copy_for(one.bind)) {
      if (one.mode == ListenerMode::tproxy) {
        if (const auto error = divert(socket.get(), mark)) {
          return "cannot make the inherited socket on " + text_of(one.bind) +
                 " transparent: " + error.message();
        }
      }
      // One after the other, so that no worker accepts for all listeners.
      opened.by_worker[opened.listeners.size() % workers].push_back(
          {listener.settings, std::move(socket), Sharing::dealt});
    } else {
      std::vector<Descriptor> sockets;
      const Beside beside = meets_own(one.bind, present) ? Beside::own_listeners : Beside::nobody;
      if (const auto error = open_listeners(one, mark, workers, beside, sockets)) {
        return "cannot listen on " + text_of(one.bind) + ": " + error.message();
      }
      listener.at.port(local_endpoint(sockets.front().get()).port());
      for (std::size_t i = 0; i < workers; ++i) {
        opened.by_worker[i].push_back({listener.settings, std::move(sockets[i])});
      }
    }
    opened.listeners.push_back(std::move(listener));
  }
  return opened;
}

Opened open_nothing(std::size_t workers) {
  Opened nothing;
  nothing.by_worker.resize(workers);
  return nothing;
}

std::string described(const OpenListener& listener) {
  std::string text = "listening on " + text_of(listener.at);
  if (listener.settings->mode == ListenerMode::redirect) return text + " for redirected connections";
  if (listener.settings->mode == ListenerMode::tproxy) return text + " for connections diverted by tproxy";
  return text + " for " + text_of(*listener.settings->upstream);
}

}  // namespace gate
