#include "proxy/grant_book.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/log.hpp"
#include "proxy/state_file.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

/// How long a grant is kept after its end, for transfers that go on by it.
constexpr std::chrono::hours kept_after_end{24};
/// Ends of grants are told at most this much late.
constexpr std::chrono::seconds look_interval{1};

bool has_ended(const Grant& grant, system_clock::time_point now) {
  return now >= *grant.rule.until || (grant.once && grant.use->spent());
}

}  // namespace

GrantBook::GrantBook(std::filesystem::path file, PolicyStore& policies, AuditSink& audit)
    : file_(std::move(file)), policies_(policies), audit_(audit) {
  try {
    load();
  } catch (const std::exception& error) {
    trouble_ = "the grants in " + file_.string() + " cannot be read: " + error.what();
    log(Level::error, trouble_);
  }
  if (!grants_.empty()) put_in_force(grants_);
  watcher_ = std::thread([this] { watch(); });
}

GrantBook::~GrantBook() {
  {
    const std::lock_guard lock(waking_);
    stopping_ = true;
  }
  wake_.notify_one();
  watcher_.join();
}

void GrantBook::load() {
  const auto text = read_state(file_);
  if (!text) return;
  const json::value document = json::parse(*text);
  const auto now = system_clock::now();
  for (const json::value& entry : document.as_object().at("grants").as_array()) {
    Grant grant = grant_from(entry.as_object());
    // What went on by it ended with the gateway.
    if (has_ended(grant, now)) continue;
    grant.use = new_use();
    if (grants_.size() == most_grants) throw std::runtime_error("there are too many");
    grants_.push_back(std::move(grant));
  }
}

void GrantBook::save(const std::vector<Grant>& grants) const {
  json::array list;
  for (const Grant& grant : grants) list.push_back(to_json(grant));
  replace_state(file_, json::serialize(json::object{{"grants", std::move(list)}}) + '\n');
}

std::shared_ptr<GrantUse> GrantBook::new_use() {
  // A policy may outlive the book for the last events of a worker; no worker outlives the gateway's book.
  return std::make_shared<GrantUse>([this] {
    {
      const std::lock_guard lock(waking_);
      changed_ = true;
    }
    wake_.notify_one();
  });
}

void GrantBook::put_in_force(std::vector<Grant> grants) {
  grants_ = std::move(grants);
  policies_.replace(policies_.current()->with_grants(grants_));
}

void GrantBook::replace_policy(const std::shared_ptr<const Policy>& policy) {
  const std::lock_guard lock(mutex_);
  policies_.replace(grants_.empty() ? policy : policy->with_grants(grants_));
}

std::variant<Grant, std::string> GrantBook::give(const GrantRequest& request, std::string by) {
  const std::lock_guard lock(mutex_);
  if (!trouble_.empty()) return trouble_;
  const auto now = system_clock::now();
  std::vector<Grant> grants = grants_;
  if (grants.size() >= most_grants) {
    // One that ended makes room, though what it began may go on.
    const auto ended =
        std::find_if(grants.begin(), grants.end(), [now](const Grant& one) { return has_ended(one, now); });
    if (ended == grants.end()) {
      return "there are " + std::to_string(most_grants) + " grants already; revoke some, or write a rule";
    }
    grants.erase(ended);
  }
  Grant grant;
  grant.id = ids_.next(now);
  grant.rule = request.rule;
  grant.rule.name = "grant " + grant.id;
  grant.rule.until = std::chrono::floor<std::chrono::milliseconds>(now) + request.lasting;
  grant.once = request.once;
  grant.by = std::move(by);
  grant.given = std::chrono::floor<std::chrono::milliseconds>(now);
  grant.use = new_use();
  grants.push_back(grant);
  try {
    save(grants);
  } catch (const std::exception& error) {
    return std::string("it cannot be written down, and would not survive: ") + error.what();
  }
  record(grant, "grant", grant.by);
  put_in_force(std::move(grants));
  return grant;
}

std::variant<bool, std::string> GrantBook::revoke(std::string_view id, std::string_view by) {
  const std::lock_guard lock(mutex_);
  std::vector<Grant> grants = grants_;
  const auto found =
      std::find_if(grants.begin(), grants.end(), [id](const Grant& one) { return one.id == id; });
  if (found == grants.end()) return false;
  const Grant grant = *found;
  grants.erase(found);
  record(grant, "revoke", by);
  std::string trouble;
  try {
    save(grants);
  } catch (const std::exception& error) {
    trouble = std::string("it is revoked, but would be back after a restart: ") + error.what();
  }
  put_in_force(std::move(grants));
  if (!trouble.empty()) return trouble;
  return true;
}

std::vector<Grant> GrantBook::list() const {
  const std::lock_guard lock(mutex_);
  const auto now = system_clock::now();
  std::vector<Grant> open;
  std::copy_if(grants_.begin(), grants_.end(), std::back_inserter(open),
               [now](const Grant& grant) { return !has_ended(grant, now); });
  return open;
}

void GrantBook::record(const Grant& grant, std::string_view reason, std::string_view by) {
  AuditEvent event;
  event.event = AuditKind::policy;
  event.time = system_clock::now();
  event.policy = policies_.current()->revision();
  event.reason = reason;
  event.rule = grant.rule.name;
  event.user = grant.rule.users.front();
  event.peers = grant.rule.peers;
  event.detail = described(grant);
  if (!by.empty()) event.detail.append(", by ").append(by);
  if (!audit_.record(event)) log(Level::error, "an audit record of a grant could not be written");
}

/// Tells the audit of ends, writes down what was used up, and forgets what ended long ago.
void GrantBook::settle(Moment now) {
  const std::lock_guard lock(mutex_);
  bool ended = false;
  for (const Grant& grant : grants_) {
    if (!has_ended(grant, now) ||
        std::find(told_ended_.begin(), told_ended_.end(), grant.id) != told_ended_.end()) {
      continue;
    }
    ended = true;
    told_ended_.push_back(grant.id);
    record(grant, grant.once && grant.use->spent() ? "grant-spent" : "grant-expired", {});
  }
  std::vector<Grant> kept = grants_;
  std::erase_if(kept, [now](const Grant& grant) { return now >= *grant.rule.until + kept_after_end; });
  if (!ended && kept.size() == grants_.size()) return;
  try {
    save(kept);
  } catch (const std::exception& error) {
    log(Level::error, {"the grants cannot be written down: ", error.what()});
  }
  if (kept.size() == grants_.size()) return;
  put_in_force(std::move(kept));
  std::erase_if(told_ended_, [this](const std::string& id) {
    return std::none_of(grants_.begin(), grants_.end(), [&id](const Grant& grant) { return grant.id == id; });
  });
}

void GrantBook::watch() {
  std::unique_lock lock(waking_);
  while (!stopping_) {
    wake_.wait_for(lock, look_interval, [this] { return changed_ || stopping_; });
    if (stopping_) break;
    changed_ = false;
    lock.unlock();
    try {
      settle(system_clock::now());
    } catch (const std::exception&) {
      log(Level::error, "no memory to look after the grants; they are looked at again");
    }
    lock.lock();
  }
}

}  // namespace gate
