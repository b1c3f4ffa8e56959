// The readers of msnp/ one by one, the policy's digest and the audit's: what each costs, and takes from the
// heap.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "msnp/mime.hpp"
#include "msnp/p2p.hpp"
#include "msnp/reassembly.hpp"
#include "msnp/slp.hpp"
#include "proxy/audit_chain.hpp"
#include "proxy/sha1.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/invitations.hpp"

namespace {

using msnp::as_bytes;

/// Calls `work` again and again, and tells its allocations.
template <class Work>
void count(benchmark::State& state, Work work) {
  const std::uint64_t before = gate::test::allocations();
  for (auto _ : state) work();
  state.counters["allocations"] =
      static_cast<double>(gate::test::allocations() - before) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
}

void mime_union(benchmark::State& state, const std::string& payload) {
  count(state, [&] { benchmark::DoNotOptimize(msnp::read_mime(as_bytes(payload))); });
}
const std::string chat = gate::test::mime_block(
    "text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22", "hello again");
// No client writes it, so it is read as loosely as the loosest reader would.
const std::string odd =
    "content-type : text/plain\nX-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22\n\nhello again";
BENCHMARK_CAPTURE(mime_union, chat, chat);
BENCHMARK_CAPTURE(mime_union, typing,
                  gate::test::mime_block("text/x-msmsgscontrol\r\nTypingUser: alice@example.com", "\r\n"));
BENCHMARK_CAPTURE(mime_union, p2p, gate::test::p2p_block(std::string(1254, 'x')));
BENCHMARK_CAPTURE(mime_union, odd, odd);

void p2p_header_v1(benchmark::State& state) {
  const std::string package =
      gate::test::v1_package({.session = 7, .length = 1202, .data = std::string(1202, 'x')});
  count(state, [&] { benchmark::DoNotOptimize(msnp::read_p2p_v1(as_bytes(package))); });
}
BENCHMARK(p2p_header_v1);

void p2p_header_v2(benchmark::State& state) {
  const std::string package = gate::test::v2_package(7, true, 5000, std::string(1202, 'x'), 7001);
  count(state, [&] { benchmark::DoNotOptimize(msnp::read_p2p_v2(as_bytes(package))); });
}
BENCHMARK(p2p_header_v2);

void slp(benchmark::State& state) {
  const std::string offer = gate::test::slp_file_offer({}, u"plans.doc", 48'231);
  count(state, [&] { benchmark::DoNotOptimize(msnp::read_slp(offer)); });
}
BENCHMARK(slp);

/// An offer of three packages.
void reassembly(benchmark::State& state) {
  const auto packages = gate::test::cut(7, gate::test::slp_file_offer({}, u"plans.doc", 48'231), 600);
  const msnp::Limits limits;
  count(state, [&] {
    msnp::Reassembly text;
    for (const gate::test::Package& package : packages) {
      benchmark::DoNotOptimize(text.add({.offset = package.offset,
                                         .total = package.total,
                                         .declared = package.length,
                                         .data = as_bytes(package.data)},
                                        limits));
    }
    benchmark::DoNotOptimize(text.readings());
  });
}
BENCHMARK(reassembly);

/// What a picture costs on top: the digest of one package's data.
void sha1_of_a_package(benchmark::State& state) {
  const auto sha1 = gate::start_sha1();
  const std::string data(1202, 'x');
  count(state, [&] { sha1->add(as_bytes(data)); });
}
BENCHMARK(sha1_of_a_package);

void hash_chain(benchmark::State& state) {
  gate::Sha256 sha256;
  gate::HexDigest prev = gate::chain_start;
  const std::string line =
      "{\"time\":\"2026-11-22T16:02:20.123456Z\",\"detail\":\"" + std::string(220, 'x') + "\"}\n";
  count(state, [&] {
    std::string sealed = line;
    prev = gate::seal(sealed, prev, sha256);
  });
}
BENCHMARK(hash_chain);

}  // namespace
