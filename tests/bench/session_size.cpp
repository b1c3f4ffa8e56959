// Prints what one session costs before it allocates anything, as JSON.
#include "proxy/session.hpp"

#include <cstdio>

int main() {
  std::printf(
      "{\"Session\": %zu, \"Filter\": %zu, \"Relay\": %zu, \"Identity\": %zu, \"Conversation\": %zu}\n",
      sizeof(gate::Session), sizeof(gate::Filter), sizeof(gate::Relay), sizeof(msnp::Identity),
      sizeof(msnp::Conversation));
}
