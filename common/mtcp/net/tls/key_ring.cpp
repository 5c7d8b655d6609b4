#include "mtcp/key_ring.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "mtcp/net/platform/private_file.hpp"

namespace mtcp {

namespace {

constexpr std::size_t max_user_size = 64;

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_user_name(std::string_view name) noexcept {
  return name.size() <= max_user_size &&
         std::ranges::none_of(name, [](char c) { return (c >= 0 && c < 32) || c == 127; });
}

/// The next word of `text`, which loses it and the spaces before it.
std::string_view take_word(std::string_view& text) noexcept {
  text = trim(text);
  const auto end = std::ranges::find_if(text, is_space);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

// What is no attribute is the name, with the spaces that are in it.
void read_user(key& of, std::string_view text) {
  std::string user;
  while (!(text = trim(text)).empty()) {
    const std::string_view word = take_word(text);
    if (const auto equals = word.find('='); equals != std::string_view::npos)
      of.add_attribute(std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)));
    else
      user += (user.empty() ? "" : " ") + std::string(word);
  }
  if (!is_user_name(user)) {
    throw key_error(key_error::kind::malformed, "the user name has control characters or over 64 bytes");
  }
  of.set_user(std::move(user));
}

// A line without its comment and without spaces around.
key parse_entry(std::string_view line) {
  key parsed = key::parse(take_word(line));
  read_user(parsed, line);
  return parsed;
}

using check_of_key = std::function<void(const key&)>;

void add_line(key_ring& keys, std::string_view line, const check_of_key& check) {
  const std::string_view entry = trim(line.substr(0, line.find('#')));
  if (entry.empty()) return;
  key parsed = parse_entry(entry);
  if (check) check(parsed);
  if (!keys.add(std::move(parsed))) throw key_error(key_error::kind::malformed, "this key is in the file already");
}

key_ring parse_file(const std::string& path, std::string_view text, const check_of_key& check) {
  key_ring keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    try {
      add_line(keys, line, check);
    } catch (const key_error& e) {
      throw key_error(e.why(), path + ":" + std::to_string(number) + ": " + e.what());
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  if (keys.empty()) throw key_error(key_error::kind::malformed, path + ": there is no key in it");
  return keys;
}

}  // namespace

bool key_ring::add(key added) {
  if (find(added.id())) return false;
  entries_.push_back(std::make_shared<const key>(std::move(added)));
  return true;
}

key_ring::entry key_ring::find(const key_id& id) const {
  const auto found = std::ranges::find_if(entries_, [&id](const entry& e) { return e->id() == id; });
  return found == entries_.end() ? nullptr : *found;
}

key_ring load_key_file(const std::string& path, const std::function<void(const key&)>& check) {
  const private_text text(path);
  return parse_file(path, text.view(), check);
}

}  // namespace mtcp
