#include "program/options_file.hpp"

#include <sysexits.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

namespace mtcp::program {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::string& where, const std::string& why) {
  throw settings_error(EX_CONFIG, where + ": " + why);
}

/// Refuses a key that an object has twice: of two values one would be ignored.
class key_watch {
 public:
  explicit key_watch(std::string file) : file_(std::move(file)) {}
  bool operator()(int, json::parse_event_t event, const json& value) {
    if (event == json::parse_event_t::object_start) seen_.emplace_back();
    if (event == json::parse_event_t::object_end) seen_.pop_back();
    if (event == json::parse_event_t::key && !seen_.back().insert(value.get<std::string>()).second)
      fail(file_ + ": " + value.get<std::string>(), "given twice");
    return true;
  }

 private:
  std::string file_;
  std::vector<std::set<std::string>> seen_;  // of the objects around
};

json parse_json(const std::string& name, const std::string& text) {
  try {
    // By reference, since the parser copies the function that it calls.
    key_watch watch(name);
    return json::parse(text, std::ref(watch), true, true);
  } catch (const json::exception& e) {  // not only parse_error: a number that is too large is of another kind
    fail(name, std::string("not JSON: ") + e.what());
  }
}

std::string scalar(const std::string& origin, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  fail(origin, "expected a string or a number");
}

std::string list_of_pairs(const std::string& origin, const json& object) {
  std::string out;
  for (const auto& [key, value] : object.items()) {
    if (!out.empty()) out += ',';
    const std::string text = scalar(origin + "." + key, value);
    if ((key + text).find(',') != std::string::npos) fail(origin + "." + key, "must not have a comma in it");
    out += key + "=" + text;
  }
  return out;
}

std::string text_of(const option& o, const std::string& origin, const json& value) {
  if (o.object && !value.is_object()) fail(origin, "expected an object");
  if (o.object) return value.dump();
  if (o.how != option::arity::flag)
    return value.is_object() && o.pairs ? list_of_pairs(origin, value) : scalar(origin, value);
  if (!value.is_boolean()) fail(origin, "expected true or false");
  return value.dump();
}

std::vector<given> read_value(const option& o, const std::string& origin, const json& value) {
  if (!value.is_array()) return {{text_of(o, origin, value), origin, EX_CONFIG, layer::file}};
  if (o.how != option::arity::repeated) fail(origin, "expected one value, not a list");
  std::vector<given> out;
  for (const json& element : value) out.push_back({text_of(o, origin, element), origin, EX_CONFIG, layer::file});
  return out;
}

}  // namespace

std::map<std::string, std::vector<given>> parse_options_file(const std::vector<option>& known, const std::string& name,
                                                             const std::string& text) {
  const json document = parse_json(name, text);
  if (!document.is_object()) fail(name, "expected an object");
  std::map<std::string, std::vector<given>> out;
  for (const auto& [key, value] : document.items()) {
    const std::string origin = name + ": " + key;
    const auto o = std::ranges::find(known, key, &option::name);
    if (o == known.end()) fail(origin, "no such option");
    auto list = read_value(*o, origin, value);
    if (!list.empty()) out.emplace(key, std::move(list));
  }
  return out;
}

}  // namespace mtcp::program
