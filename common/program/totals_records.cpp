#include "program/totals_records.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace mtcp::program {
namespace {

using nlohmann::json;

constexpr int version = 1;
constexpr const char* keys[totals::kinds] = {"destinations", "sources", "users",
                                             "paths"};  // in the order of the enumerators

json to_json(const totals::days& all) {
  json out = json::object();
  for (const auto& [day, carried] : all) out[to_text(date(day))] = {carried.up, carried.down};
  return out;
}

std::uint64_t bytes_in(const json& list, std::size_t place) {
  const json& bytes = list.at(place);
  if (!bytes.is_number_unsigned()) throw std::invalid_argument("it is damaged: " + bytes.dump() + " is no count");
  return bytes.get<std::uint64_t>();
}

void restore_name(totals& to, totals::kind what, const std::string& name, const json& days) {
  for (const auto& [day, carried] : days.items()) {
    const amount bytes{bytes_in(carried, 0), bytes_in(carried, 1)};
    to.add(what, name, bytes, parse_date(day));
  }
}

}  // namespace

std::string to_text(const totals& all) {
  json out{{"version", version}};
  for (std::size_t i = 0; i < totals::kinds; ++i) {
    json& names = out[keys[i]] = json::object();
    for (const auto& [name, days] : all.kept(static_cast<totals::kind>(i))) names[name] = to_json(days);
  }
  // A name may hold bytes that are no UTF-8; better one unlike itself than none kept.
  return out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void restore(totals& to, const std::string& text) {
  try {
    const json whole = json::parse(text);
    if (const json& its = whole.at("version"); its != version)
      throw std::invalid_argument("it has version " + its.dump() + ", and this program knows version " +
                                  std::to_string(version));
    for (std::size_t i = 0; i < totals::kinds; ++i)
      for (const auto& [name, days] : whole.at(keys[i]).items())
        restore_name(to, static_cast<totals::kind>(i), name, days);
  } catch (const json::exception& e) {
    throw std::invalid_argument(std::string("it is damaged: ") + e.what());
  }
}

}  // namespace mtcp::program
