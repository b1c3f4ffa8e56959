#include "proxy/account_hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "proxy/sha256.hpp"
#include "proxy/signing_key.hpp"

namespace gate {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t name_size = 32;

/// What ends an account inside a sentence.
bool ends_word(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'<>()[]{},;:|=").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return result;
}

}  // namespace

AccountHash::AccountHash(const std::filesystem::path& key_file) {
  std::string text = read_secret(key_file);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  key_ = bytes_of_hex(text);
  if (key_.size() != key_size) {
    throw std::runtime_error("account key " + key_file.string() +
                             ": is not 64 hex digits; `msnpgate audit init` makes one");
  }
}

std::string AccountHash::new_key() {
  std::array<unsigned char, key_size> key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
    throw std::runtime_error("the cryptographic library has no random numbers");
  }
  return hex_of({reinterpret_cast<const char*>(key.data()), key.size()}) + '\n';
}

std::string AccountHash::of(std::string_view account) const {
  const std::string text = lower(account);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    throw std::runtime_error("the HMAC of the cryptographic library failed");
  }
  return std::string(hashed_account) +
         hex_of({reinterpret_cast<const char*>(digest.data()), size}).substr(0, name_size);
}

std::string AccountHash::in(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    const auto end = std::find_if(text.begin(), text.end(), ends_word);
    const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    result += word.find('@') == std::string_view::npos ? std::string(word) : of(word);
    text.remove_prefix(word.size());
    if (text.empty()) break;
    result += text.front();
    text.remove_prefix(1);
  }
  return result;
}

}  // namespace gate
