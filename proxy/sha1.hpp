// SHA-1 for comparing objects with what they were announced as; OpenSSL does the work.
#pragma once

#include <memory>

#include "msnp/judge.hpp"

namespace gate {

/// Null if OpenSSL offers none, as where a policy of the machine forbids SHA-1.
[[nodiscard]] std::unique_ptr<msnp::Sha1> start_sha1();

}  // namespace gate
