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

void* counted(std::size_t size) noexcept {
  ++count;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace
}  // namespace gate::test

// The array forms of the library call these. Its nothrow form does, too, but not that of AddressSanitizer,
// which would not expect what it gave to be freed here. Aligned forms are nobody's.
void* operator new(std::size_t size) {
  void* const taken = gate::test::counted(size);
  if (taken == nullptr) throw std::bad_alloc();
  return taken;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return gate::test::counted(size);
}
void operator delete(void* taken) noexcept {
  std::free(taken);
}
void operator delete(void* taken, std::size_t) noexcept {
  std::free(taken);
}
