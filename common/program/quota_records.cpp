#include "program/quota_records.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace mtcp::program {
namespace {

using nlohmann::json;

constexpr int version = 1;

}  // namespace

std::string to_text(const quota_records& all, const std::string& whose) {
  json records = json::object();
  for (const auto& [name, one] : all) records[name] = {{"day", to_text(one.seen)}, {"bytes", one.used}};
  // A name may hold bytes that are no UTF-8, since Linux lets an interface's; better one unlike itself than none kept.
  return json{{"version", version}, {whose, std::move(records)}}.dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

quota_records parse_quota_records(const std::string& text, const std::string& whose) {
  try {
    const json whole = json::parse(text);
    if (const json& its = whole.at("version"); its != version)
      throw std::invalid_argument("it has version " + its.dump() + ", and this program knows version " +
                                  std::to_string(version));
    quota_records all;
    for (const auto& [name, one] : whole.at(whose).items()) {
      const json& bytes = one.at("bytes");
      if (!bytes.is_number_unsigned()) throw std::invalid_argument("the bytes of '" + name + "' are no number");
      all[name] = {.seen = parse_date(one.at("day").get<std::string>()), .used = bytes.get<std::uint64_t>()};
    }
    return all;
  } catch (const json::exception& e) {
    throw std::invalid_argument(std::string("it is damaged: ") + e.what());
  }
}

}  // namespace mtcp::program
