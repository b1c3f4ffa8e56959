#include "proxy/sha1.hpp"

#include <openssl/evp.h>

namespace gate {
namespace {

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

class OpenSslSha1 final : public msnp::Sha1 {
 public:
  [[nodiscard]] bool start() noexcept {
    context_.reset(EVP_MD_CTX_new());
    return context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) == 1;
  }
  void add(msnp::Bytes bytes) noexcept override {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::array<std::byte, 20> finish() noexcept override {
    std::array<std::byte, 20> digest{};
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    EVP_DigestInit_ex(context_.get(), nullptr, nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, ContextFree> context_;
};

}  // namespace

std::unique_ptr<msnp::Sha1> start_sha1() {
  auto sha1 = std::make_unique<OpenSslSha1>();
  if (!sha1->start()) return nullptr;
  return sha1;
}

}  // namespace gate
