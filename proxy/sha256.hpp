// SHA-256 in lower-case hex; OpenSSL does the work.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace gate {

/// Keeps its working memory from text to text. Not safe to share between threads.
class Sha256 {
 public:
  /// Throws std::runtime_error if OpenSSL offers no SHA-256.
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;

  /// 64 hex digits. Throws std::runtime_error if OpenSSL fails, as without memory.
  [[nodiscard]] std::array<char, 64> hex(std::string_view text);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// Two digits a byte, lower case.
[[nodiscard]] std::string hex_of(std::string_view bytes);
/// The bytes of an even number of hex digits, or empty.
[[nodiscard]] std::string bytes_of_hex(std::string_view text);

}  // namespace gate
