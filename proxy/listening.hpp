// Which sockets the process listens on: from the listeners that are wanted and those that are open to the
// sockets each worker gets. All or nothing, and nothing that is open is touched before all is ready.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/inherited_sockets.hpp"
#include "proxy/worker.hpp"

namespace gate {

/// A listener that is open, on behalf of all workers.
struct OpenListener {
  std::shared_ptr<const ListenerSettings> settings;
  Endpoint at;  // with the port that the kernel gave
};

struct Opened {
  std::vector<OpenListener> listeners;             // as wanted, in that order
  std::vector<std::vector<Assignment>> by_worker;  // for Worker::obey
};

/// Opens what `wanted` has and `present` has not; a socket with the same address is kept. `mark` is for
/// transparent listeners (see `divert`). Returns what is to be put in force, or what cannot be, in words.
[[nodiscard]] std::variant<Opened, std::string> open_wanted(const std::vector<ListenerSettings>& wanted,
                                                            const std::vector<OpenListener>& present,
                                                            const InheritedSockets& inherited,
                                                            std::uint32_t mark, std::size_t workers);

/// No listeners: what is open is to be closed.
[[nodiscard]] Opened open_nothing(std::size_t workers);

/// "listening on [::]:11863 for redirected connections".
[[nodiscard]] std::string described(const OpenListener& listener);

}  // namespace gate
