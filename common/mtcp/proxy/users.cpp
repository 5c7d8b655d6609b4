#include "mtcp/proxy/users.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::proxy {
namespace {

constexpr std::size_t max_size = 255;

// Reads all of `given` whatever it holds; `kept` is read cyclically, so that its length does not show either.
bool same(std::string_view kept, std::string_view given) noexcept {
  unsigned difference = kept.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(kept[i % kept.size()]) ^ static_cast<unsigned char>(given[i]);
  const volatile unsigned result = difference;
  return result == 0;
}

bool fits(std::string_view text) { return !text.empty() && text.size() <= max_size; }

}  // namespace

user_table user_table::parse(std::string_view text) {
  user_table out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
      out.add_line(line);
    } catch (const std::invalid_argument& e) {
      throw std::invalid_argument("line " + std::to_string(number) + ": " + e.what());
    }
  }
  return out;
}

void user_table::add_line(std::string_view line) {
  if (line.empty() || line.starts_with('#')) return;
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("expected NAME:PASSWORD");
  const std::string_view name = line.substr(0, colon), password = line.substr(colon + 1);
  if (!fits(name) || !fits(password)) throw std::invalid_argument("a name and a password have 1 to 255 bytes each");
  if (std::ranges::any_of(entries_, [&](const entry& e) { return e.name == name; }))
    throw std::invalid_argument("this name stands in the file already");
  entries_.push_back({std::string(name), std::string(password)});
}

bool user_table::admits(std::string_view name, std::string_view password) const noexcept {
  bool found = false;
  for (const entry& e : entries_) {
    const bool name_fits = same(e.name, name);
    const bool password_fits = same(e.password, password);
    found |= name_fits & password_fits;
  }
  return found;
}

}  // namespace mtcp::proxy
