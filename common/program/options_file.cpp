#include "program/options_file.hpp"

#include <sysexits.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mtcp::program {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::string& where, const std::string& why) {
  throw settings_error(EX_CONFIG, where + ": " + why);
}

json parse_json(const std::string& name, const std::string& text) {
  try {
    return json::parse(text, nullptr, true, true);
  } catch (const json::parse_error& e) {
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
    out += key + "=" + scalar(origin + "." + key, value);
  }
  return out;
}

std::string text_of(const option& o, const std::string& origin, const json& value) {
  if (o.how != option::arity::flag) return value.is_object() ? list_of_pairs(origin, value) : scalar(origin, value);
  if (!value.is_boolean()) fail(origin, "expected true or false");
  return value.dump();
}

std::vector<given> read_value(const option& o, const std::string& origin, const json& value) {
  if (!value.is_array()) return {{text_of(o, origin, value), origin, EX_CONFIG}};
  if (o.how != option::arity::repeated) fail(origin, "expected one value, not a list");
  std::vector<given> out;
  for (const json& element : value) out.push_back({text_of(o, origin, element), origin, EX_CONFIG});
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
