#include "proxy/policy_archive.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/state_file.hpp"

namespace gate {
namespace {

namespace json = boost::json;

std::string as_json(const PolicyText& text) {
  json::array files;
  for (const PolicyText::File& file : text.files) {
    files.push_back(json::object{{"path", file.path.native()}, {"text", file.text}});
  }
  json::array includes;
  for (const PolicyText::Include& include : text.includes) {
    json::array paths;
    for (const std::filesystem::path& path : include.files) paths.emplace_back(path.native());
    includes.push_back(json::object{{"pattern", include.pattern}, {"files", std::move(paths)}});
  }
  return json::serialize(json::object{{"files", std::move(files)}, {"includes", std::move(includes)}});
}

std::string text_at(const json::value& value, std::string_view key) {
  return std::string(std::string_view(value.at(key).as_string()));
}

PolicyText from_json(std::string_view kept) {
  const json::value document = json::parse(kept);
  PolicyText text;
  for (const json::value& file : document.at("files").as_array()) {
    text.add(text_at(file, "path"), text_at(file, "text"));
  }
  for (const json::value& entry : document.at("includes").as_array()) {
    PolicyText::Include include{text_at(entry, "pattern"), {}};
    for (const json::value& path : entry.at("files").as_array()) {
      include.files.emplace_back(std::string(std::string_view(path.as_string())));
    }
    text.includes.push_back(std::move(include));
  }
  return text;
}

bool is_revision(std::string_view text) noexcept {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::filesystem::path PolicyArchive::file_of(std::string_view revision) const {
  return directory_ / (std::string(revision) + ".json");
}

void PolicyArchive::keep(const PolicyText& text) const {
  const std::filesystem::path file = file_of(text.revision());
  if (std::filesystem::exists(file)) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now());
    return;
  }
  replace_state(file, as_json(text));
  forget_oldest();
}

void PolicyArchive::forget_oldest() const {
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> kept;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (is_revision(entry.path().stem().native()) && entry.path().extension() == ".json") {
      kept.emplace_back(entry.last_write_time(), entry.path());
    }
  }
  if (kept.size() <= most_kept) return;
  std::sort(kept.begin(), kept.end());
  kept.resize(kept.size() - most_kept);
  for (const auto& [_, path] : kept) std::filesystem::remove(path);
}

std::variant<std::shared_ptr<const Policy>, std::string> PolicyArchive::find(
    std::string_view revision) const {
  if (!is_revision(revision)) return "\"" + std::string(revision) + "\" is no revision of a policy";
  try {
    const auto kept = read_state(file_of(revision));
    if (!kept) return "policy " + std::string(revision) + " is not kept in " + directory_.string();
    const PolicyText text = from_json(*kept);
    if (text.files.empty() || text.revision() != revision) {
      return file_of(revision).string() + " does not hold the text of this revision any more";
    }
    auto loaded = load_config(text.files.front().path, KeptSource(text));
    if (auto* const config = std::get_if<Config>(&loaded)) return std::move(config->policy);
    return "policy " + std::string(revision) + " is not understood by this version: " +
           to_string(std::get<std::vector<ConfigError>>(loaded).front());
  } catch (const std::exception& error) {
    return "policy " + std::string(revision) + " cannot be read: " + error.what();
  }
}

}  // namespace gate
