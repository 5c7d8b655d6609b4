#include "rule_options.hpp"

#include <stdexcept>
#include <utility>

#include "mtcp/core/base/ascii.hpp"
#include "mtcp/key.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "program/parse.hpp"

namespace mtcp::client {
namespace {

using proxy::route;
using proxy::route_table;

constexpr std::size_t max_file_size = 64 << 20;  // some two million names

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Without the comment, which begins with # at the start or behind a blank.
std::string_view rule_in(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '#' && (i == 0 || core::is_blank(line[i - 1]))) line = line.substr(0, i);
  return core::trimmed(line);
}

void add(route_table& to, std::string_view rule, const route_table::verdict& what) {
  to.add(program::in_ascii(std::string(rule)), what);
}

/// Returns how many rules there were in it.
std::size_t add_file(route_table& to, const std::string& name, route way) try {
  const private_text text(name, private_text::readers::anybody, max_file_size);
  route_table::verdict what{.to = way, .source = to.add_source(name)};
  std::size_t count = 0;
  for (std::string_view rest = text.view(); !rest.empty();) {
    const std::string_view rule = rule_in(take_line(rest));
    ++what.line;
    if (rule.empty()) continue;
    try {
      add(to, rule, what);
    } catch (const std::invalid_argument& e) {
      throw std::invalid_argument("line " + std::to_string(what.line) + ": '" + std::string(rule) + "': " + e.what());
    }
    ++count;
  }
  return count;
} catch (const key_error& e) {  // it names the file, and so does whoever catches this
  throw std::invalid_argument(e.what());
}

/// The rule in words.
std::string take(rule_settings& into, route_table& to, const std::string& text, route way) {
  const std::string said = std::string(to_string(way)) + ' ' + text;
  if (way == route::direct && text == "none") {
    into.defaults = false;
    return said;
  }
  if (text.starts_with('@')) {
    into.files.push_back(text.substr(1));
    const std::size_t count = add_file(to, into.files.back(), way);
    return said + " (" + std::to_string(count) + (count == 1 ? " rule)" : " rules)");
  }
  add(to, text, {.to = way});
  return said;
}

}  // namespace

std::vector<program::option> rule_options() {
  using arity = program::option::arity;
  return {
      {"direct", "RULE|none",
       "destinations that the client dials itself, past the tunnel: CIDR, ADDRESS, .SUFFIX, NAME, tcp:PORT, udp:PORT "
       "or "
       "@FILE with one a line; the longest prefix or suffix decides. By default this machine's links, and loopback for "
       "programs on it; none: neither",
       arity::repeated},
      {"block", "RULE", "destinations that are refused; at the same length it comes before --direct", arity::repeated},
      {"tunnel", "RULE", "destinations that go through the tunnel: exceptions from --direct and --block",
       arity::repeated},
  };
}

rule_settings rules_of(const program::values& given) {
  rule_settings out;
  const auto table = std::make_shared<route_table>();
  for (const route way : {route::direct, route::block, route::tunnel})
    for (std::string& words :
         given.each(to_string(way), [&](const std::string& text) { return take(out, *table, text, way); }))
      out.written.push_back(std::move(words));
  out.table = table;
  return out;
}

}  // namespace mtcp::client
