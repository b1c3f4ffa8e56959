#include "proxy/metrics_text.hpp"

#include <array>
#include <charconv>

namespace gate {

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + ' ';
  text_ += help;
  text_ += "\n# TYPE " + name_ + ' ';
  text_ += type;
  text_ += '\n';
}

void MetricsText::begin_sample(Labels labels) {
  text_ += name_;
  char joint = '{';
  for (const auto& [label, value] : labels) {
    text_ += joint;
    text_ += label;
    text_ += "=\"";
    for (const char letter : value) {
      if (letter == '\\' || letter == '"') text_ += '\\';
      text_ += letter == '\n' ? ' ' : letter;
    }
    text_ += '"';
    joint = ',';
  }
  text_ += labels.size() == 0 ? " " : "} ";
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  begin_sample(labels);
  text_ += std::to_string(value) + '\n';
}

void MetricsText::sample(Labels labels, double value) {
  begin_sample(labels);
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text_.append(digits.data(), error == std::errc() ? end : digits.data());
  text_ += '\n';
}

}  // namespace gate
