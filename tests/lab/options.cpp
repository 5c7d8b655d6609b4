#include "lab/options.hpp"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>
#include <utility>

namespace mtcp::lines {

namespace {

using direction_options = line_options::direction_options;

double number(std::string_view text) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size() || value < 0 || value > 1e15)
    throw std::invalid_argument("no such number");
  return value;
}

std::uint64_t whole(std::string_view text) { return static_cast<std::uint64_t>(number(text)); }
duration seconds(std::string_view text) { return duration(static_cast<std::int64_t>(1e9 * number(text))); }

line_options::punishment punishment(std::string_view text) {
  if (text == "freeze") return line_options::punishment::freeze;
  if (text == "reset") return line_options::punishment::reset;
  throw std::invalid_argument("freeze or reset");
}

// LEAST-MOST, or one number.
void set_silence(line_options& line, std::string_view text) {
  const std::size_t dash = text.find('-');
  line.silent_least = seconds(text.substr(0, dash));
  line.silent_most = dash == std::string_view::npos ? line.silent_least : seconds(text.substr(dash + 1));
}

const std::map<std::string_view, std::function<void(direction_options&, std::string_view)>> one_way{
    {"rate", [](auto& d, auto text) { d.rate = number(text); }},
    {"common-rate", [](auto& d, auto text) { d.common_rate = number(text); }},
    {"fades-after", [](auto& d, auto text) { d.fades_after = whole(text); }},
    {"faded-rate", [](auto& d, auto text) { d.faded_rate = number(text); }},
    {"freezes-after", [](auto& d, auto text) { d.freezes_after = whole(text); }},
};

const std::map<std::string_view, std::function<void(line_options&, std::string_view)>> both_ways{
    {"delay", [](auto& l, auto text) { l.delay = seconds(text) / 1000; }},
    {"queue", [](auto& l, auto text) { l.queue = whole(text); }},
    {"fades-at", [](auto& l, auto text) { l.fades_at = seconds(text); }},
    {"dies-at", [](auto& l, auto text) { l.dies_at = seconds(text); }},
    {"forgets-after", [](auto& l, auto text) { l.forgets_after = seconds(text); }},
    {"syn-gap", [](auto& l, auto text) { l.syn_gap = seconds(text); }},
    {"block", [](auto& l, auto text) { l.block = seconds(text); }},
    {"connections", [](auto& l, auto text) { l.connections = whole(text); }},
    {"punishes", [](auto& l, auto text) { l.punishes = punishment(text); }},
    {"silent-every", [](auto& l, auto text) { l.silent_every = seconds(text); }},
    {"silent-for", set_silence},
    {"seed", [](auto& l, auto text) { l.seed = whole(text); }},
};

void set(line_options& line, std::string_view key, std::string_view value) {
  if (const auto found = both_ways.find(key); found != both_ways.end()) return found->second(line, value);
  const bool only_up = key.starts_with("up-"), only_down = key.starts_with("down-");
  if (only_up || only_down) key.remove_prefix(key.find('-') + 1);
  const auto found = one_way.find(key);
  if (found == one_way.end()) throw std::invalid_argument("unknown");
  if (!only_down) found->second(line.up, value);
  if (!only_up) found->second(line.down, value);
}

void set_field(line_options& line, std::string_view field) {
  if (field == "each") {
    line.each = true;
    return;
  }
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos) throw std::invalid_argument("needs a value");
  set(line, field.substr(0, equals), field.substr(equals + 1));
}

// What one field says about another.
void check(const line_options& line) {
  if (line.name.empty()) throw std::invalid_argument("needs a name");
  if (line.silent_most < line.silent_least || line.silent_most > line.silent_every)
    throw std::invalid_argument("silent-for is LEAST-MOST, within silent-every");
  for (const direction_options* d : {&line.up, &line.down}) {
    if (d->common_rate > 0 && !line.each) throw std::invalid_argument("common-rate is for `each`");
    if ((d->fades_after > 0 || line.fades_at > duration{0}) && d->faded_rate == 0)
      throw std::invalid_argument("needs a faded-rate");
  }
}

}  // namespace

line_options parse_line(const std::string& text) {
  line_options line;
  std::string_view rest = text, field;
  const auto next = [&] {
    const std::size_t comma = rest.find(',');
    field = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  };
  try {
    next();
    line.name = field;
    while (!rest.empty()) {
      next();
      set_field(line, field);
    }
    field = "";
    check(line);
  } catch (const std::invalid_argument& e) {
    const std::string where = field.empty() ? "" : "'" + std::string(field) + "' in ";
    throw std::invalid_argument(where + "'" + text + "': " + e.what());
  }
  return line;
}

}  // namespace mtcp::lines
