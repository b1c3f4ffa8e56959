#include "proxy/signing_key.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "proxy/descriptor.hpp"
#include "proxy/sha256.hpp"

namespace gate {
namespace {

constexpr std::size_t signature_size = 64;
constexpr std::size_t longest_file = 64 * 1024;

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;
struct ContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

[[noreturn]] void fail(const std::filesystem::path& file, std::string_view what) {
  throw std::runtime_error("audit key " + file.string() + ": " + std::string(what));
}
[[noreturn]] void fail_with_errno(const std::filesystem::path& file, std::string_view what) {
  const int error = errno;
  fail(file, std::string(what) + ": " + std::generic_category().message(error));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string read(const std::filesystem::path& file, bool secret) {
  const Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!descriptor) fail_with_errno(file, "cannot be opened");
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) fail_with_errno(file, "cannot be examined");
  if (secret && (status.st_mode & 077U) != 0) fail(file, "may be read by others; chmod 600 it");
  std::string text(longest_file, '\0');
  const ssize_t size = ::read(descriptor.get(), text.data(), text.size());
  if (size < 0) fail_with_errno(file, "cannot be read");
  text.resize(static_cast<std::size_t>(size));
  return text;
}

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}

SigningKey::SigningKey(evp_pkey_st* key) : key_(key) {
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) != 1 || size != raw.size()) {
    throw std::runtime_error("audit key: the cryptographic library cannot tell its public part");
  }
  constexpr std::size_t id_size = 16;
  const auto digest = Sha256().hex({reinterpret_cast<const char*>(raw.data()), raw.size()});
  id_.assign(digest.data(), id_size);
}

SigningKey SigningKey::make() {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr) throw std::runtime_error("audit key: the cryptographic library has no Ed25519");
  return SigningKey(key);
}

SigningKey SigningKey::read_private(const std::filesystem::path& file) {
  const std::string text = read(file, true);
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // With an empty passphrase at hand, a protected key is an error and no question on the terminal.
  std::string passphrase;
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, passphrase.data());
  if (key == nullptr) fail(file, "is no private key");
  if (EVP_PKEY_get_id(key) == EVP_PKEY_ED25519) return SigningKey(key);
  EVP_PKEY_free(key);
  fail(file, "is a key of another kind; it must be Ed25519, as `msnpgate audit init` makes it");
}

SigningKey SigningKey::read_public(const std::filesystem::path& file) {
  const std::string text = read(file, false);
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) fail(file, "is no public key; `msnpgate audit key` prints it");
  if (EVP_PKEY_get_id(key) == EVP_PKEY_ED25519) return SigningKey(key);
  EVP_PKEY_free(key);
  fail(file, "is a key of another kind; it must be Ed25519");
}

void SigningKey::write_private(const std::filesystem::path& file) const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    fail(file, "the cryptographic library cannot write it");
  }
  write_secret(file, text_of(bio.get()));
}

std::string SigningKey::public_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) {
    throw std::runtime_error("audit key: the cryptographic library cannot write its public part");
  }
  return text_of(bio.get());
}

std::string SigningKey::sign(std::string_view text) const {
  std::array<unsigned char, signature_size> signature{};
  std::size_t size = signature.size();
  const Context context(EVP_MD_CTX_new());
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes(text), text.size()) != 1) {
    throw std::runtime_error("audit key: the cryptographic library cannot sign");
  }
  return hex_of({reinterpret_cast<const char*>(signature.data()), size});
}

bool SigningKey::verify(std::string_view text, std::string_view signature) const {
  const std::string raw = bytes_of_hex(signature);
  const Context context(EVP_MD_CTX_new());
  return raw.size() == signature_size && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(raw), raw.size(), bytes(text), text.size()) == 1;
}

void write_secret(const std::filesystem::path& file, std::string_view text) {
  constexpr mode_t owner_only = 0600;
  const Descriptor descriptor{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only)};
  if (!descriptor) fail_with_errno(file, "cannot be made");
  if (::write(descriptor.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(descriptor.get()) == 0) {
    return;
  }
  const int error = errno;
  ::unlink(file.c_str());
  errno = error;
  fail_with_errno(file, "cannot be written");
}

std::string read_secret(const std::filesystem::path& file) {
  return read(file, true);
}

}  // namespace gate
