// The key that signs checkpoints of the audit log: Ed25519, in PEM files. Whoever has the public part can
// tell whether a copy of the log is what the gateway wrote; only the private part can sign.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace gate {

class SigningKey {
 public:
  /// Makes a new one. Throws std::runtime_error if OpenSSL cannot.
  [[nodiscard]] static SigningKey make();
  /// Reads a private or public key. Throws std::runtime_error, with the path in its text, if there is none,
  /// or if a private key may be read by others than its owner.
  [[nodiscard]] static SigningKey read_private(const std::filesystem::path& file);
  [[nodiscard]] static SigningKey read_public(const std::filesystem::path& file);

  /// Writes the private key into a new file (mode 0600). Throws std::runtime_error, also if the file is there
  /// already.
  void write_private(const std::filesystem::path& file) const;
  /// The public key as PEM.
  [[nodiscard]] std::string public_pem() const;
  /// Names the key in records: the first 16 hex digits of the SHA-256 of the public key's 32 bytes.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// 128 hex digits. Throws std::runtime_error if OpenSSL cannot.
  [[nodiscard]] std::string sign(std::string_view text) const;
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit SigningKey(evp_pkey_st* key);

  std::unique_ptr<evp_pkey_st, Free> key_;
  std::string id_;
};

/// Writes a new file that only its owner can read. Throws std::runtime_error, also if it is there already.
void write_secret(const std::filesystem::path& file, std::string_view text);
/// Reads a file that only its owner may read. Throws std::runtime_error, with the path in its text.
[[nodiscard]] std::string read_secret(const std::filesystem::path& file);

}  // namespace gate
