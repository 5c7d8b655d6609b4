// Text of unknown origin, character by character (UTF-8, RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace mtcp::program {

struct character {
  bool valid = false;
  char32_t code = 0;       ///< 0 unless valid
  std::string_view bytes;  ///< what it is made of; one byte unless valid
};

/// C0, DEL and C1: those that a terminal may obey.
constexpr bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

/// Takes the first character off `text`, which is not empty. Overlong forms, surrogates and what is beyond U+10FFFF are
/// not valid; then a single byte is taken.
constexpr character take_character(std::string_view& text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  char32_t code = size == 1 ? first : first & (0x7fU >> size);
  bool valid = size == 1 || (first >= 0xc2 && first < 0xf5 && text.size() >= size);
  for (std::size_t i = 1; valid && i < size; ++i) {
    valid = (byte(i) & 0xc0) == 0x80;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  valid = valid && code >= least[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  const character out{valid, valid ? code : 0, text.substr(0, valid ? size : 1)};
  text.remove_prefix(out.bytes.size());
  return out;
}

}  // namespace mtcp::program
