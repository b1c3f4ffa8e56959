// Which thread runs when a processor is short: those that carry connections go first. The log tells where the
// system refuses that.
#pragma once

namespace gate {

/// The calling thread, and those it starts, are at least so nice.
void give_way(int niceness) noexcept;

/// The calling thread runs when nobody else wants to (SCHED_IDLE), and who does need not wait for the end of
/// its slice, which is up to 4 ms. For what may take long and holds no lock that others wait for; once a
/// thread, for good.
void give_way_at_once() noexcept;

}  // namespace gate
