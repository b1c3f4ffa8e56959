// Accounts under other names, so that an audit log can be kept, and handed on, without saying who people are.
// The same account has the same name every time; only with the key can one go from an account to its name,
// and nobody can go back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gate {

/// What every hashed account begins with, and no account.
inline constexpr std::string_view hashed_account = "hashed:";

class AccountHash {
 public:
  /// The key file holds 64 hex digits, made by `msnpgate audit init`, readable by its owner only. Throws
  /// std::runtime_error, with the path in its text, if it does not.
  explicit AccountHash(const std::filesystem::path& key_file);

  /// A new key, as its file holds it.
  [[nodiscard]] static std::string new_key();

  /// "hashed:" and the first 32 hex digits of the HMAC-SHA-256 of the account in lower case.
  [[nodiscard]] std::string of(std::string_view account) const;
  /// The text, with every word that has an @ in it replaced.
  [[nodiscard]] std::string in(std::string_view text) const;

 private:
  std::string key_;
};

}  // namespace gate
