#include "proxy/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace gate {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("the SHA-256 of the cryptographic library failed");
  }
}

Sha256::~Sha256() = default;

std::array<char, 64> Sha256::hex(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  // Starting again with no type named keeps the one that is there, and its memory.
  if (EVP_DigestInit_ex(context_.get(), nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(context_.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) {
    throw std::runtime_error("the SHA-256 of the cryptographic library failed");
  }
  std::array<char, 64> hex{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex.at(2 * i) = digits[digest.at(i) >> 4U];
    hex.at(2 * i + 1) = digits[digest.at(i) & 0x0FU];
  }
  return hex;
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4U];
    text += digits[value & 0x0FU];
  }
  return text;
}

std::string bytes_of_hex(std::string_view text) {
  const auto value_of = [](char digit) -> unsigned {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10U;
    if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10U;
    return 16U;
  };
  if (text.size() % 2 != 0) return {};
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const unsigned high = value_of(text[i]);
    const unsigned low = value_of(text[i + 1]);
    if (high > 15 || low > 15) return {};
    bytes += static_cast<char>(high << 4U | low);
  }
  return bytes;
}

}  // namespace gate
