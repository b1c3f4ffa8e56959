#include "tests/support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace gate::test {
namespace {

thread_local std::uint64_t count = 0;

}  // namespace

std::uint64_t allocations() noexcept {
  return count;
}

namespace {

void* counted(std::size_t size) {
  ++count;
  void* const taken = std::malloc(size == 0 ? 1 : size);
  if (taken == nullptr) throw std::bad_alloc();
  return taken;
}

}  // namespace
}  // namespace gate::test

// The array and nothrow forms of the library call these. Aligned forms are nobody's here.
void* operator new(std::size_t size) {
  return gate::test::counted(size);
}
void operator delete(void* taken) noexcept {
  std::free(taken);
}
void operator delete(void* taken, std::size_t) noexcept {
  std::free(taken);
}
