#include "proxy/kernel_sets.hpp"

#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "proxy/capabilities.hpp"
#include "proxy/ruleset.hpp"

namespace gate {
namespace {

using boost::system::error_code;

Netlink opened() {
  const NetAdmin raised;  // the kernel asks who opened the socket, too
  Netlink kernel(NETLINK_NETFILTER);
  if (const error_code& error = kernel.error()) {
    throw std::runtime_error("the kernel cannot be asked about its rulesets: " + error.message() +
                             "; a service manager may have to allow netlink "
                             "(RestrictAddressFamilies=AF_NETLINK)");
  }
  return kernel;
}

struct FreeSet {
  void operator()(nftnl_set* set) const noexcept { ::nftnl_set_free(set); }
};

}  // namespace

/// What nft calls `ADDRESS . PORT timeout LIFETIME`: fields of a key fill whole words.
struct KernelSets::Element {
  const char* set = nullptr;
  std::array<unsigned char, 20> key{};
  std::uint32_t key_size = 0;
  std::chrono::milliseconds lifetime{};
};

KernelSets::KernelSets() : kernel_(opened()) {}

error_code KernelSets::learn(const Endpoint& server, std::chrono::milliseconds lifetime) {
  Element element;
  element.lifetime = lifetime;
  const auto put_address = [&](const auto& bytes) {
    std::copy(bytes.begin(), bytes.end(), element.key.begin());
    element.key_size = static_cast<std::uint32_t>(bytes.size());
  };
  if (server.address().is_v4()) {
    element.set = learned_set4.data();
    put_address(server.address().to_v4().to_bytes());
  } else {
    element.set = learned_set6.data();
    put_address(server.address().to_v6().to_bytes());
  }
  element.key[element.key_size] = static_cast<unsigned char>(server.port() >> 8U);
  element.key[element.key_size + 1] = static_cast<unsigned char>(server.port() & 0xFFU);
  element.key_size += 4;
  return renew(element);
}

error_code KernelSets::stay_alive(std::chrono::milliseconds lifetime) {
  Element element;
  element.set = alive_set.data();
  element.key[0] = IPPROTO_TCP;
  element.key_size = 1;
  element.lifetime = lifetime;
  return renew(element);
}

/// The kernel does not prolong what is there: it is replaced, in one step, so that no moment is without it.
error_code KernelSets::renew(const Element& element) {
  const NetAdmin raised;
  error_code error = send(element, false);
  if (error.value() == EEXIST) error = send(element, true);
  if (error.value() == ENOENT) error = send(element, false);  // it ended in between
  return error;
}

error_code KernelSets::send(const Element& element, bool replaces) {
  const std::unique_ptr<nftnl_set, FreeSet> set(::nftnl_set_alloc());
  nftnl_set_elem* const item = ::nftnl_set_elem_alloc();
  if (set == nullptr || item == nullptr) {
    if (item != nullptr) ::nftnl_set_elem_free(item);
    return make_error_code(boost::system::errc::not_enough_memory);
  }
  ::nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY, element.key.data(), element.key_size);
  ::nftnl_set_elem_set_u64(item, NFTNL_SET_ELEM_TIMEOUT,
                           static_cast<std::uint64_t>(element.lifetime.count()));
  ::nftnl_set_elem_add(set.get(), item);  // owns it
  ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, std::string(table_name).c_str());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, element.set);

  alignas(nlmsghdr) std::array<char, 2048> buffer{};
  const std::unique_ptr<mnl_nlmsg_batch, decltype(&::mnl_nlmsg_batch_stop)> batch(
      ::mnl_nlmsg_batch_start(buffer.data(), buffer.size()), &::mnl_nlmsg_batch_stop);
  if (batch == nullptr) return make_error_code(boost::system::errc::not_enough_memory);
  const auto next = [&] { ::mnl_nlmsg_batch_next(batch.get()); };
  const auto at = [&] { return static_cast<char*>(::mnl_nlmsg_batch_current(batch.get())); };
  ::nftnl_batch_begin(at(), 0);
  next();
  const auto put = [&](std::uint16_t type, std::uint16_t flags) {
    nlmsghdr* const header =
        ::nftnl_nlmsg_build_hdr(at(), type, NFPROTO_INET, static_cast<std::uint16_t>(flags | NLM_F_ACK), 1);
    ::nftnl_set_elems_nlmsg_build_payload(header, set.get());
    next();
  };
  if (replaces) put(NFT_MSG_DELSETELEM, 0);
  put(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
  ::nftnl_batch_end(at(), 2);
  next();
  return kernel_.ask(::mnl_nlmsg_batch_head(batch.get()), ::mnl_nlmsg_batch_size(batch.get()));
}

}  // namespace gate
