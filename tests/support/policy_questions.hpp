// Questions and rules for the tests of the policy.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "proxy/policy.hpp"

namespace support {

using gate::Action;
using gate::Policy;
using gate::Question;
using gate::Rule;
using msnp::Kind;

inline boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

inline Question file_from_ann() {
  Question question;
  question.user = "ann@corp.example";
  question.peer = "ben@agency.example";
  question.client = address("10.20.1.5");
  question.kind = Kind::file_transfer;
  question.size = 1000;
  question.at = std::chrono::system_clock::from_time_t(1'800'000'000);
  return question;
}

inline Rule rule(Action action, std::string name = "the rule") {
  Rule one;
  one.name = std::move(name);
  one.action = action;
  return one;
}

inline Policy::Source source(std::vector<Rule> rules, Action fallback = Action::block) {
  Policy::Source one;
  one.rules = std::move(rules);
  one.fallback = fallback;
  return one;
}

/// True when the rule decides, and not the default.
inline bool decides(const Rule& one, const Question& question) {
  const Policy policy(source({one}));
  return policy.judge(question).rule != "default";
}

}  // namespace support
