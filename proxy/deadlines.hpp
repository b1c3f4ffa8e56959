// Deadlines without a timer each: entries that share a duration stand in one list in the order in
// which they were started, so that a coarse tick looks at the front only, and nothing is done for
// what is far from due. An entry is in one list at a time and costs no allocation.
#pragma once

#include <boost/intrusive/list.hpp>

#include "msnp/types.hpp"

namespace gate {

template <class Item>
class DeadlineList;

/// Base of what can have a deadline. It leaves its list when it is destroyed.
class Timed
    : public boost::intrusive::list_base_hook<boost::intrusive::tag<class TimedTag>,
                                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// No deadline from now on.
  void untimed() noexcept { this->unlink(); }

 private:
  template <class Item>
  friend class DeadlineList;
  msnp::Moment since_ = 0;
};

/// `Item` derives from Timed.
template <class Item>
class DeadlineList {
 public:
  /// In milliseconds; 0 = never.
  explicit DeadlineList(msnp::Moment duration) noexcept : duration_(duration) {}

  /// Another duration, also for the items that are in it: their order stays. With 0 they lose their deadline.
  void change(msnp::Moment duration) noexcept {
    duration_ = duration;
    if (duration_ <= 0) entries_.clear();
  }

  /// Starts or restarts the deadline; ends whatever other deadline the item had.
  void start(Item& item, msnp::Moment now) noexcept {
    Timed& entry = item;
    entry.unlink();
    if (duration_ <= 0) return;
    entry.since_ = now;
    entries_.push_back(entry);
  }

  /// Takes out one item that is due, or nullptr.
  [[nodiscard]] Item* take_due(msnp::Moment now) noexcept {
    if (entries_.empty() || now - entries_.front().since_ < duration_) return nullptr;
    Timed& entry = entries_.front();
    entry.unlink();
    return &static_cast<Item&>(entry);
  }

  /// False when it is never.
  [[nodiscard]] bool lasts() const noexcept { return duration_ > 0; }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

 private:
  using Entries = boost::intrusive::list<
      Timed,
      boost::intrusive::base_hook<boost::intrusive::list_base_hook<
          boost::intrusive::tag<class TimedTag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
      boost::intrusive::constant_time_size<false>>;

  Entries entries_;
  msnp::Moment duration_;
};

}  // namespace gate
