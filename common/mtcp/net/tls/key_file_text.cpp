#include "mtcp/key_ring.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mtcp {

namespace {

constexpr std::size_t max_user_size = 64;

key_error malformed(const std::string& why) { return {key_error::kind::malformed, why}; }

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_user_name(std::string_view name) noexcept {
  return name.size() <= max_user_size && std::ranges::none_of(name, [](unsigned char c) { return c < 32 || c == 127; });
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
    throw malformed("the user name has control characters or over 64 bytes");
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

void add_identity(key_ring& keys, std::string_view entry) {
  auto parsed = std::make_shared<const server_identity>(server_identity::parse(take_word(entry)));
  if (!trim(entry).empty()) throw malformed("nothing but a comment may follow the server's identity");
  if (keys.identities().size() == key_ring::max_identities) throw malformed("a server has 8 identities at most");
  if (!keys.add(std::move(parsed))) throw malformed("this identity is in the file already");
}

void add_line(key_ring& keys, std::string_view line, const check_of_key& check) {
  const std::string_view entry = trim(line.substr(0, line.find('#')));
  if (entry.empty()) return;
  if (server_identity::is_meant_by(entry)) return add_identity(keys, entry);
  key parsed = parse_entry(entry);
  if (check) check(parsed);
  if (!keys.add(std::move(parsed))) throw malformed("this key is in the file already");
}

}  // namespace

key_ring parse_key_file(const std::string& path, std::string_view text, const check_of_key& check) {
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
  return keys;
}

}  // namespace mtcp
