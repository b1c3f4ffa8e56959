// Numbers in the text format of Prometheus (exposition format 0.0.4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace gate {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a family. `type` is "counter" or "gauge"; counters end in `_total`.
  void family(std::string_view name, std::string_view type, std::string_view help);
  /// A number of the family that was begun last.
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  void begin_sample(Labels labels);

  std::string name_;
  std::string text_;
};

}  // namespace gate
