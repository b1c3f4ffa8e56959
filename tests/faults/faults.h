// The page that a test shares with the program it has loaded the faults into (tests/e2e/faults_on_demand.py
// knows its words by their order).
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct page {
  _Atomic int64_t allocations;    // since the test set it to 0
  _Atomic int64_t first_failing;  // the number of the allocation from which on they fail; 0: none does
  _Atomic int64_t failing;        // how many of them
  _Atomic int64_t failed;         // have failed
  _Atomic int64_t write_error;    // errno of every write to a regular file; 0: they succeed
  _Atomic int64_t write_room;     // bytes that files still take before write_error; -1: any number
  _Atomic int64_t sync_error;     // errno of fsync and fdatasync
  _Atomic int64_t clock_offset;   // seconds by which the wall clock is wrong
  _Atomic int64_t speed;          // of the monotonic clock, and of timers that wait for it; 0: as it is.
                                  // From the start of the program on, or deadlines would jump
  _Atomic int64_t sync_delay;     // milliseconds that fsync and fdatasync take besides
  _Atomic int64_t calls;          // system calls of calls.c since the test set it to 0
  _Atomic int64_t failing_call;   // the number of the one that fails; 0: none does
  _Atomic int64_t call_error;     // errno of that one
  _Atomic int64_t calls_failed;   // have failed
  char failed_call[32];           // what the last one was
};

/// Never null.
extern struct page *faults __attribute__((visibility("hidden")));
