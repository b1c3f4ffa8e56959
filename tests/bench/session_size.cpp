// Prints what one session costs before it allocates anything, as JSON.
#include "proxy/session.hpp"

#include <cstdio>

int main() {
  std::printf("{\"Session\": %zu, \"Filter\": %zu, \"Relay\": %zu, \"Readiness\": %zu, \"Ends\": %zu, ",
              sizeof(gate::Session), sizeof(gate::Filter), sizeof(gate::Relay), sizeof(gate::Readiness),
              sizeof(gate::Ends));
  std::printf("\"Identity\": %zu, \"Decoder\": %zu, \"Outbox\": %zu, \"Conversation\": %zu}\n",
              sizeof(msnp::Identity), sizeof(msnp::Decoder), sizeof(gate::Outbox),
              sizeof(msnp::Conversation));
}
